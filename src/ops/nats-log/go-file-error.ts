/** `ENOENT: no such file or directory, open '/x'`, as Node words it. */
const NODE_MESSAGE = /^E[A-Z0-9]+: (?<reason>[^,]+), (?<action>\w+)(?: '(?<file>.*?)')?/

/** A failure of the file system in the words that nats-server's readers know: `open /x: no such file or directory`. */
export function goFileError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { reason, action, file } = NODE_MESSAGE.exec(error.message)?.groups ?? {}
  if (reason === undefined) return error.message
  return `${action}${file === undefined ? '' : ` ${file}`}: ${reason.replace(/^illegal operation on a directory$/, 'is a directory')}`
}
