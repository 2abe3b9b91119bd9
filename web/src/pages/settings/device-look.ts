import { DEVICE_TYPES } from '../../api/device.ts'
import type { IconName } from '../../ui/icons.ts'

const PHONES = [0, 1, 15]
const TERMINALS = [23, 24, 25]
const COMPUTERS = [6, 7, 8, 16, 22]

export function deviceIcon(type: number | null): IconName {
  if (type === null) return 'device'
  if (PHONES.includes(type)) return 'phone'
  if (TERMINALS.includes(type)) return 'terminal'
  return COMPUTERS.includes(type) ? 'device' : 'globe'
}

/** What sort of device it is, and what it calls itself if that says more. Undefined for what is not known. */
export function deviceName(type: number | null, name = ''): string | undefined {
  const sort = type === null ? undefined : DEVICE_TYPES.get(type)
  if (sort === undefined) return name === '' ? undefined : name
  const isSame = name === '' || sort.toLowerCase().includes(name.toLowerCase())
  return isSame ? sort : `${sort} · ${name}`
}
