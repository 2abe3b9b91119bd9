/** What kind of program a device is, by Bitwarden's names. */
export type DeviceClientType = 'Web' | 'Browser' | 'Desktop' | 'Mobile' | 'Cli'

interface DeviceType {
  /** As Vaultwarden puts it into access tokens. */
  readonly name: string
  /** As the official server puts it there. */
  readonly officialName: string
  /** `undefined`: none of them, so it is told only what is for all. spec: hub §2.4 */
  readonly clientType: DeviceClientType | undefined
}

/** Bitwarden's device types by number (spec/vault.md §2.1). */
const DEVICE_TYPES: readonly DeviceType[] = [
  { name: 'Android', officialName: 'Android', clientType: 'Mobile' },
  { name: 'iOS', officialName: 'iOS', clientType: 'Mobile' },
  { name: 'Chrome Extension', officialName: 'ChromeExtension', clientType: 'Browser' },
  { name: 'Firefox Extension', officialName: 'FirefoxExtension', clientType: 'Browser' },
  { name: 'Opera Extension', officialName: 'OperaExtension', clientType: 'Browser' },
  { name: 'Edge Extension', officialName: 'EdgeExtension', clientType: 'Browser' },
  { name: 'Windows', officialName: 'WindowsDesktop', clientType: 'Desktop' },
  { name: 'macOS', officialName: 'MacOsDesktop', clientType: 'Desktop' },
  { name: 'Linux', officialName: 'LinuxDesktop', clientType: 'Desktop' },
  { name: 'Chrome', officialName: 'ChromeBrowser', clientType: 'Web' },
  { name: 'Firefox', officialName: 'FirefoxBrowser', clientType: 'Web' },
  { name: 'Opera', officialName: 'OperaBrowser', clientType: 'Web' },
  { name: 'Edge', officialName: 'EdgeBrowser', clientType: 'Web' },
  { name: 'Internet Explorer', officialName: 'IEBrowser', clientType: 'Web' },
  { name: 'Unknown Browser', officialName: 'UnknownBrowser', clientType: 'Web' },
  { name: 'Android', officialName: 'AndroidAmazon', clientType: 'Mobile' },
  { name: 'UWP', officialName: 'UWP', clientType: 'Desktop' },
  { name: 'Safari', officialName: 'SafariBrowser', clientType: 'Web' },
  { name: 'Vivaldi', officialName: 'VivaldiBrowser', clientType: 'Web' },
  { name: 'Vivaldi Extension', officialName: 'VivaldiExtension', clientType: 'Browser' },
  { name: 'Safari Extension', officialName: 'SafariExtension', clientType: 'Browser' },
  { name: 'SDK', officialName: 'SDK', clientType: undefined },
  { name: 'Server', officialName: 'Server', clientType: undefined },
  { name: 'Windows CLI', officialName: 'WindowsCLI', clientType: 'Cli' },
  { name: 'macOS CLI', officialName: 'MacOsCLI', clientType: 'Cli' },
  { name: 'Linux CLI', officialName: 'LinuxCLI', clientType: 'Cli' },
  { name: 'DuckDuckGo', officialName: 'DuckDuckGoBrowser', clientType: 'Web' },
]

/** Where a type of one name is called like another type by its other name, both are of the same clients. */
const BY_NAME: ReadonlyMap<string, DeviceType> = new Map(
  DEVICE_TYPES.flatMap((type) => [
    [type.name, type],
    [type.officialName, type],
  ]),
)

/** The type of a device that does not say what it is. */
const UNKNOWN_DEVICE_TYPE = 14

/** The number in `text`; that of the unknown browser for anything else, such as the words that some iOS versions send. */
export function parseDeviceType(text: unknown): number {
  return typeof text === 'string' && /^\d{1,4}$/.test(text) ? Number(text) : UNKNOWN_DEVICE_TYPE
}

export function deviceTypeName(type: number): string {
  return (DEVICE_TYPES[type] ?? DEVICE_TYPES[UNKNOWN_DEVICE_TYPE]!).name
}

/** `type`: its number, as devices say and the database has it; or its name in a token, Vaultwarden's or the official server's. */
export function clientTypeOfDevice(type: number | string): DeviceClientType | undefined {
  const found = typeof type === 'number' ? DEVICE_TYPES[type] : BY_NAME.get(type)
  return found?.clientType
}

/** Android or iOS: their refresh tokens live longer. */
export function isMobile(type: number): boolean {
  return type === 0 || type === 1
}
