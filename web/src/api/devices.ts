import { listIn } from './answer.ts'
import type { Api, Options } from './client.ts'
import { numberOrNull, textOrNull } from './json.ts'

/** A device that the user has logged in with. */
export interface Device {
  readonly identifier: string
  readonly name: string
  /** See `DEVICE_TYPES`. */
  readonly type: number
  /** When it logged in first. Milliseconds since the Unix epoch; null where it is not said. */
  readonly createdAtMs: number | null
  /** When it was there last, where the server says it. */
  readonly lastSeenAtMs: number | null
}

export async function getDevices(api: Api, { signal }: Options = {}): Promise<readonly Device[]> {
  const devices = listIn(await api.request('GET', 'api/devices', { signal }))
  return devices.map((device) => ({
    identifier: textOrNull(device.identifier) ?? '',
    name: textOrNull(device.name) ?? '',
    type: numberOrNull(device.type) ?? -1,
    createdAtMs: timeOf(device.creationDate),
    lastSeenAtMs: timeOf(device.lastActivityDate),
  }))
}

/** Ends the session of a device at once, and forgets the device. */
export async function deauthorizeDevice(api: Api, identifier: string, { signal }: Options = {}): Promise<void> {
  await api.request('DELETE', `api/devices/${encodeURIComponent(identifier)}`, { signal })
}

function timeOf(date: unknown): number | null {
  const ms = typeof date === 'string' ? Date.parse(date) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}
