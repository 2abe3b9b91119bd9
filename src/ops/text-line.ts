import { stripVTControlCharacters } from 'node:util'

/** Values that need no quotes. */
const PLAIN = /^[\w.,:;/@$*>+#[\]()-]+$/

/** An event, as pino writes it in JSON, as one line for people; the stacks of errors follow on lines of their own. */
export function textLine(json: string): string {
  const { time, level, event, ...fields } = JSON.parse(json) as Record<string, unknown>
  const stacks: string[] = []
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${showValue(value, stacks)}`)
  const head = [
    String(time).replace('T', ' ').replace('Z', ''),
    String(level).toUpperCase().padEnd(5),
    printable(String(event)),
  ]
  return `${[...head, ...shown].join(' ')}\n${stacks.join('')}`
}

function showValue(value: unknown, stacks: string[]): string {
  if (typeof value === 'string') return PLAIN.test(value) ? value : quoted(value)
  if (typeof value === 'object' && value !== null && 'stack' in value && 'message' in value) {
    for (let error: unknown = value; isErrorLike(error); error = error.cause) {
      stacks.push(...error.stack.split('\n').map((line) => `    ${printable(line)}\n`))
    }
    return quoted(value.message)
  }
  return quoted(value)
}

/** JSON lets these stand, and to some terminals they begin a command. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replace(/[\x7f-\x9f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`)
}

function isErrorLike(value: unknown): value is { stack: string; cause?: unknown } {
  return typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string'
}

/** What a peer sent must not steer the terminal of whoever reads the log. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')
}
