/** Bitwarden's device types by number (spec/vault.md §2.1), spelled as Vaultwarden puts them into access tokens. */
const DEVICE_TYPE_NAMES = [
  'Android',
  'iOS',
  'Chrome Extension',
  'Firefox Extension',
  'Opera Extension',
  'Edge Extension',
  'Windows',
  'macOS',
  'Linux',
  'Chrome',
  'Firefox',
  'Opera',
  'Edge',
  'Internet Explorer',
  'Unknown Browser',
  'Android',
  'UWP',
  'Safari',
  'Vivaldi',
  'Vivaldi Extension',
  'Safari Extension',
  'SDK',
  'Server',
  'Windows CLI',
  'macOS CLI',
  'Linux CLI',
  'DuckDuckGo',
] as const

/** The type of a device that does not say what it is. */
export const UNKNOWN_DEVICE_TYPE = 14

export function deviceTypeName(type: number): string {
  return DEVICE_TYPE_NAMES[type] ?? DEVICE_TYPE_NAMES[UNKNOWN_DEVICE_TYPE]
}

/** Android or iOS: their refresh tokens live longer. */
export function isMobile(type: number): boolean {
  return type === 0 || type === 1
}
