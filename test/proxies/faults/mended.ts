/** Puts the lines that the doctor shows into a configuration, as who reads them would: in place of those that say otherwise. */
import assert from 'node:assert/strict'
import type { ProxyKind } from '../start-proxy.ts'
import { indentOf, isComment } from './edit.ts'

/** `upstream` is Belfry's address, which stands for the one in the lines. */
export function mended(kind: ProxyKind, broken: string, shown: readonly string[], upstream: string): string {
  let lines = broken.split('\n')
  for (let i = 0; i < shown.length; i = endOf(shown, i)) {
    const [, gone] = /^# without: (.*)/.exec(shown[i]!) ?? []
    const statement = shown.slice(i, endOf(shown, i)).map((line) => line.replaceAll('127.0.0.1:8000', upstream))
    lines = gone === undefined ? withStatement(kind, lines, statement) : withoutStatement(lines, gone)
  }
  return lines.join('\n')
}

function withoutStatement(lines: readonly string[], gone: string): string[] {
  const i = lines.findIndex((line) => !isComment(line) && line.includes(gone))
  return i < 0 ? [...lines] : withoutStatement([...lines.slice(0, i), ...lines.slice(endOf(lines, i))], gone)
}

function withStatement(kind: ProxyKind, lines: readonly string[], statement: readonly string[]): string[] {
  // Where requests go stands in the middle of a location, or at the beginning of a block.
  const whole = statement[0]!
  if (kind === 'nginx' && whole.startsWith('proxy_pass ')) {
    return lines.map((line) => line.replace(/proxy_pass [^;]+;/, whole))
  }
  if (kind === 'caddy' && whole.startsWith('reverse_proxy ')) {
    return lines.map((line) => line.replace(/\breverse_proxy \S+/, whole))
  }
  const key = keyOf(kind, whole)
  const result: string[] = []
  let place: number | undefined
  for (let i = 0; i < lines.length; ) {
    const end = endOf(lines, i)
    if (!isComment(lines[i]!) && keyOf(kind, lines[i]!) === key) {
      place ??= result.length
      i = end
    } else {
      result.push(lines[i]!)
      i++
    }
  }
  place ??= result.findLastIndex((line) => !isComment(line) && PLACES[kind](key).test(line)) + 1
  assert.ok(place > 0, `no place for ${statement.join(' ')} in:\n${lines.join('\n')}`)
  const indent = indentOf(result[place - 1]!)
  result.splice(place, 0, ...statement.map((line) => indent + line))
  return result
}

/** Behind the last line of the statement that begins at `start`: it may go on in braces or tags. */
function endOf(lines: readonly string[], start: number): number {
  const first = lines[start]!.trim()
  const [, tag] = /^<(\w+)/.exec(first) ?? []
  if (tag !== undefined) return lines.findIndex((line, i) => i > start && line.trim() === `</${tag}>`) + 1
  if (!first.endsWith('{')) return start + 1
  let depth = 0
  return (
    lines.findIndex((line, i) => {
      if (i < start || isComment(line)) return false
      depth += line.split('{').length - line.split('}').length
      return depth === 0
    }) + 1
  )
}

/** What two lines have in common that say the same, or the opposite. */
function keyOf(kind: ProxyKind, line: string): string {
  const text = line.trim().replace(/[;{]$/, '').trim()
  return KEYS[kind].exec(text)?.slice(1).filter(Boolean).join(' ').toLowerCase() ?? text
}

const KEYS: Record<ProxyKind, RegExp> = {
  nginx: /^(?:proxy_set_header (\S+)|(?!location|server|upstream)(\w+) )/,
  apache: /^(?:RequestHeader \w+ (\S+)|(?:Unset|Set)Env (\S+)|(ProxyPass(?:Match)? \S+)|(\w+))/,
  haproxy:
    /^(?:http-request (?:set|add|del|replace)-header (\S+)|(timeout \S+)|(server \S+)|(http-(?:request|response) [\w-]+)|(?:no )?(option \S+))/,
  caddy: /^(?:header_up [+-]?(\S+)|(\w+))/,
}

/** Beside what a statement belongs if none like it is there yet. */
const PLACES: Record<ProxyKind, (key: string) => RegExp> = {
  nginx: () => /^\s*proxy_\w+ /,
  apache: () => /^\s*SSLEngine/,
  haproxy: (key) => (/^(?:timeout|option)/.test(key) ? /^\s*mode http$/ : /^\s*bind /),
  caddy: (key) => (key.endsWith('_timeout') ? /^\s*transport http \{$/ : /^\s*reverse_proxy .*\{$/),
}
