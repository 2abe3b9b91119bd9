import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'

/** Whether a device has logged in as somebody before: asked before the login, so both come as headers. */
export function registerKnownDevice(scope: VaultApp, { store }: VaultContext): void {
  scope.get('/devices/knowndevice', async ({ headers }, reply) => {
    const email = required(headers, 'x-request-email')
    const deviceId = required(headers, 'x-device-identifier')
    // Base64url, with padding or without; Node reads both.
    const user = await store.users.findByEmail(Buffer.from(email, 'base64url').toString())
    const device = user && (await store.devices.find(deviceId, user.id))
    return reply.type('application/json; charset=utf-8').send(String(device !== undefined))
  })
}

function required(headers: Record<string, string | string[] | undefined>, name: string): string {
  const value = headers[name]
  if (typeof value !== 'string' || value === '') throw badRequest(`${name} is required`, name)
  return value
}
