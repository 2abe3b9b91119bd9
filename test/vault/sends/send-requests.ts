import { type Json, postForm, type Reply, type TestDevice, toReply } from '../../helpers/account.ts'
import type { TestVault } from '../harness.ts'

const DAY_MS = 86_400_000

export const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString()

/** The body of a text Send as clients send it, with `fields` in place of what is usual. */
export const textSend = (fields: Json = {}): Json => ({
  type: 0,
  name: '2.name',
  notes: null,
  key: '2.key',
  maxAccessCount: null,
  expirationDate: null,
  deletionDate: inDays(7),
  emails: null,
  disabled: false,
  hideEmail: false,
  authType: 2,
  text: { response: null, text: '2.text', hidden: false },
  ...fields,
})

/** The same of a file of `bytes`. */
export const fileSend = (bytes: number, fields: Json = {}): Json => {
  const { text: _, ...rest } = textSend()
  return { ...rest, type: 1, file: { response: null, fileName: '2.fileName' }, fileLength: bytes, ...fields }
}

export function form(bytes: Uint8Array<ArrayBuffer>, fields: Record<string, string> = {}): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  data.set('data', new Blob([bytes]), '2.fileName')
  return data
}

/** Announces a file Send and uploads it. */
export async function sendFile(device: TestDevice, bytes: Uint8Array<ArrayBuffer>, fields: Json = {}): Promise<Json> {
  const { json } = await device.post('/api/sends/file/v2', fileSend(bytes.length, fields))
  const uploaded = await device.post(`/api${json.url}`, form(bytes))
  if (uploaded.status !== 200) throw new Error(`The upload answered ${uploaded.status}`)
  return json.sendResponse
}

/** Asks for a token as the newest clients do. */
export function askToken(vault: TestVault, accessId: string, password?: string): Promise<Reply> {
  const proof: Record<string, string> = password === undefined ? {} : { password_hash_b64: password }
  return postForm(vault.fetch, `${vault.server}/identity/connect/token`, {
    client_id: 'send',
    grant_type: 'send_access',
    scope: 'api.send.access',
    send_id: accessId,
    ...proof,
  })
}

/** A call without an account, with `token` where there is one. */
export async function anonymously(
  vault: TestVault,
  path: string,
  { method = 'POST', token, body }: { method?: string; token?: string; body?: Json } = {},
): Promise<Reply> {
  const response = await vault.fetch(vault.server + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return toReply(response)
}
