import { type AccountOptions, login, PASSWORD, register, type TestDevice } from '../helpers/account.ts'
import type { TestServer } from '../helpers/server.ts'
import { BitwardenCli } from './devices.ts'

/** A person who goes through the vault with the official CLI; `phone` is another device of theirs. */
export interface Traveller extends AsyncDisposable {
  readonly email: string
  readonly cli: BitwardenCli
  readonly phone: TestDevice
}

/** An account with two devices that are logged in. */
export async function arrive(server: TestServer, options: AccountOptions & { email: string }): Promise<Traveller> {
  const { email } = options
  await register({ server: server.webUrl, ...options })
  const phone = await login({ server: server.webUrl, email })
  const cli = await BitwardenCli.install(server.certificateAuthorityFile)
  await cli.login(server.secureUrl, email, PASSWORD)
  return { email, cli, phone, [Symbol.asyncDispose]: () => cli[Symbol.asyncDispose]() }
}
