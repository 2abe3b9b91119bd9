import type { ClientConfig } from 'pg'
import { ConfigError } from '#kit'
import { type PostgresAddress, parsePostgresUrl } from './address.ts'
import { tlsOptions } from './tls.ts'
import { columnTypes } from './types.ts'

/** Throws a ConfigError that shows nothing of the URL. */
export function readUrl(url: string): PostgresAddress {
  try {
    return parsePostgresUrl(url)
  } catch (error) {
    throw new ConfigError(`The URL of the database ${(error as Error).message}`)
  }
}

/** What every connection is made with. Throws the file system's error when a certificate's file cannot be read. */
export function connectionTo(address: PostgresAddress): ClientConfig {
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    ...(address.password !== undefined && { password: address.password }),
    ssl: tlsOptions(address) ?? false,
    application_name: address.applicationName,
    ...(address.options !== undefined && { options: address.options }),
    types: columnTypes,
    keepAlive: true,
  }
}
