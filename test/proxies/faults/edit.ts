/** Changes to a configuration, as somebody makes them in an editor. Each has to find its place. */
import assert from 'node:assert/strict'

/** Without the lines that hold any of the `texts`. */
export function without(config: string, ...texts: readonly string[]): string {
  const lines = config.split('\n')
  for (const text of texts) assert.ok(config.includes(text), `no line has "${text}":\n${config}`)
  return lines.filter((line) => isComment(line) || !texts.some((text) => line.includes(text))).join('\n')
}

/** With `put` instead of `text`, wherever that is. */
export function instead(config: string, text: string, put: string): string {
  assert.ok(config.includes(text), `nothing is "${text}":\n${config}`)
  return config.replaceAll(text, put)
}

/** With more lines below each that holds `text`, as deep as that. */
export function below(config: string, text: string, ...more: readonly string[]): string {
  let count = 0
  const lines = config.split('\n').flatMap((line) => {
    if (isComment(line) || !line.includes(text)) return [line]
    count++
    return [line, ...more.map((another) => indentOf(line) + another)]
  })
  assert.ok(count > 0, `no line has "${text}":\n${config}`)
  return lines.join('\n')
}

export function isComment(line: string): boolean {
  return line.trimStart().startsWith('#')
}

export function indentOf(line: string): string {
  return /^\s*/.exec(line)![0]
}
