/** This browser, as the server keeps it among the user's devices. */
export interface DeviceInfo {
  /** A UUID that stays with the browser. */
  readonly identifier: string
  /** See `DEVICE_TYPES`. */
  readonly type: number
  /** For people: `Chrome`. */
  readonly name: string
}

/** By number. Spec: vault §2.1 */
export const DEVICE_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'Android'],
  [1, 'iOS'],
  [2, 'Chrome extension'],
  [3, 'Firefox extension'],
  [4, 'Opera extension'],
  [5, 'Edge extension'],
  [6, 'Windows'],
  [7, 'macOS'],
  [8, 'Linux'],
  [9, 'Chrome'],
  [10, 'Firefox'],
  [11, 'Opera'],
  [12, 'Edge'],
  [13, 'Internet Explorer'],
  [15, 'Android'],
  [16, 'UWP'],
  [17, 'Safari'],
  [18, 'Vivaldi'],
  [19, 'Vivaldi extension'],
  [20, 'Safari extension'],
  [21, 'SDK'],
  [22, 'Server'],
  [23, 'Windows CLI'],
  [24, 'macOS CLI'],
  [25, 'Linux CLI'],
  [26, 'DuckDuckGo'],
])

const UNKNOWN_BROWSER = 14

/** In this order: all of them say to be Safari, and most to be Chrome. */
const BROWSERS: readonly (readonly [sign: RegExp, type: number])[] = [
  [/\bVivaldi\//, 18],
  [/\b(?:OPR|Opera)\//, 11],
  [/\b(?:Edg|EdgA|EdgiOS|Edge)\//, 12],
  [/\b(?:Firefox|FxiOS)\//, 10],
  [/(?:Chrome|Chromium|CriOS)\//, 9],
  [/\bSafari\//, 17],
]

/** Which browser it is that calls itself `userAgent`, as the official web vault tells it. */
export function describeBrowser(userAgent: string, identifier: string): DeviceInfo {
  const type = BROWSERS.find(([sign]) => sign.test(userAgent))?.[1] ?? UNKNOWN_BROWSER
  return { identifier, type, name: DEVICE_TYPES.get(type) ?? 'Browser' }
}
