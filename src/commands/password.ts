import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ConfigError } from '#kit'

/**
 * A password for a command: from the file that was named, else from BELFRY_PASSWORD, else asked for on the terminal
 * without showing it. Never from an argument, which everybody on the machine can read. Throws a `ConfigError` when
 * there is none.
 */
export async function readPassword(question: string, passwordFile: string | undefined): Promise<string> {
  const password = await passwordFrom(question, passwordFile)
  if (password === '') throw new ConfigError('The password is empty')
  return password
}

async function passwordFrom(question: string, passwordFile: string | undefined): Promise<string> {
  if (passwordFile !== undefined) return fileText(passwordFile)
  if (process.env.BELFRY_PASSWORD !== undefined) return process.env.BELFRY_PASSWORD
  if (!process.stdin.isTTY) {
    throw new ConfigError('There is no password: set BELFRY_PASSWORD, or name a file with --password-file')
  }
  process.stderr.write(`${question}: `)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

async function fileText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    throw new ConfigError(`Cannot read the password file "${file}": ${(error as Error).message}`, { cause: error })
  }
}
