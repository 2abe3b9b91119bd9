const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB']

/** A number of bytes as people read it, in Vaultwarden's form: `1.50 KB`, where a KB has 1024 bytes. */
export function displaySize(bytes: number): string {
  let size = bytes
  let power = 0
  for (; size > 1024 && power < UNITS.length - 1; power++) size /= 1024
  return `${size.toFixed(2)} ${UNITS[power]}`
}
