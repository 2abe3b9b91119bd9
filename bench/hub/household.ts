import { randomUUID } from 'node:crypto'
import { type Json, postForm, registerAndLogin, type TestDevice } from '../../test/helpers/account.ts'
import { connectToHub, type HubConnection } from './hub-connection.ts'

/** One user with several devices on the hub and some items in the vault. */
export interface Household {
  readonly cipherIds: readonly string[]
  change(cipherId: string): Promise<void>
  close(): void
}

export interface HouseholdOptions {
  readonly webUrl: string
  /** The IP address it seems to come from: limits for strangers are per address. */
  readonly address: string
  readonly devices: number
  readonly items: number
  /** Called once for each device, the changing one included. */
  onChange(cipherId: string): void
}

export async function moveIn(options: HouseholdOptions): Promise<Household> {
  const { webUrl, address, devices, items, onChange } = options
  const fetchFromAddress: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), 'X-Real-IP': address } })
  const first = await registerAndLogin({ server: webUrl, fetch: fetchFromAddress })
  const item = first.loginItem('example')
  const cipherIds: string[] = []
  for (let i = 0; i < items; i++) {
    const { json } = await first.post('/api/ciphers', item)
    cipherIds.push(json.id)
  }
  const connections: HubConnection[] = []
  for (let i = 0; i < devices; i++) {
    const token = i === 0 ? first.accessToken : await logInAgain(first)
    connections.push(await connectToHub(webUrl, token, onChange))
  }
  return {
    cipherIds,
    async change(cipherId) {
      const { status, json } = await first.put(`/api/ciphers/${cipherId}`, item)
      if (status !== 200) throw new Error(`The change was answered with ${status}: ${JSON.stringify(json)}`)
    },
    close() {
      for (const connection of connections) connection.close()
    },
  }
}

/** Another device of the same user, without deriving the key once more. Returns its access token. */
async function logInAgain({ server, email, passwordHash }: TestDevice): Promise<string> {
  const { status, json } = await postForm(fetch, `${server}/identity/connect/token`, {
    scope: 'api offline_access',
    client_id: 'web',
    grant_type: 'password',
    username: email,
    password: passwordHash,
    deviceType: '9',
    deviceIdentifier: randomUUID(),
    deviceName: 'bench device',
  })
  if (status !== 200) throw new Error(`Login answered ${status}: ${JSON.stringify(json)}`)
  return (json as Json).access_token
}
