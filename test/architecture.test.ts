/** The picture in docs/architecture.md, checked against every import. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'

/** From the bottom up: a room imports rooms of the rows below its own, and none beside it. */
const ROWS = [
  ['kit'],
  ['core', 'wire/nats', 'wire/signalr', 'wire/websocket', 'store'],
  ['auth', 'net', 'notify'],
  ['doors/hub', 'doors/nats', 'vault', 'relay', 'push', 'ops', 'ops/metrics', 'admin', 'doctor'],
  ['config', 'config/whereabouts'],
  ['main'],
]

/** Rooms that only compute, and what they may use for it of Node and of packages. */
const PURE_ROOMS = /^(core|kit|wire)(\/|$)/
const PURE_IMPORTS = ['node:buffer', 'node:crypto', 'node:util', 'node:zlib', '@msgpack/msgpack', 'croner']
/** A table of texts, which happens to lie in a module that does I/O. */
const STATUS_TEXTS = "import { STATUS_CODES } from 'node:http'"

/** What joins the rooms lies in none: src/*.ts, src/services/ and src/commands/. What two codecs share lies in wire/ itself. */
function roomOf(file: string): string {
  const [folder = '', inner = ''] = file.split('/')
  if (!file.includes('/') || folder === 'commands' || folder === 'services') return 'main'
  return (folder === 'doors' || folder === 'wire') && !inner.endsWith('.ts') ? `${folder}/${inner}` : folder
}

function rowOf(room: string): number {
  return ROWS.findIndex((rooms) => rooms.some((name) => name === room || path.dirname(name) === room))
}

/** Why `room` may not import `specifier` in `file`; `undefined` when it may. */
function objection(room: string, file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), specifier)
    if (target.startsWith('..') || [room, path.dirname(room)].includes(roomOf(target))) return undefined
    return `reaches into "${roomOf(target)}": rooms are imported by their face, #room`
  }
  if (specifier.startsWith('#')) {
    const targetRow = rowOf(specifier.slice(1))
    return targetRow !== -1 && targetRow < rowOf(room) ? undefined : `that is no room below "${room}"`
  }
  if (builtinModules.includes(specifier) && !specifier.startsWith('node:')) return 'modules of Node are named node:…'
  return PURE_ROOMS.test(room) && !PURE_IMPORTS.includes(specifier) ? `"${room}" does no I/O` : undefined
}

/** What is wrong with `source` as the content of `file` (a path below src/): one line for each offence. */
function offences(file: string, source: string): string[] {
  const room = roomOf(file)
  if (rowOf(room) === -1) return [`${file}: there is no room "${room}" in the picture`]
  const code = source.replace(/\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, '').replace(STATUS_TEXTS, '')
  const imports = code.matchAll(/\b(?:import|export)\s*\(?\s*(?:[\w\s{},*$]+?from\s*)?(['"`])(.+?)\1/g)
  const found = [...imports].flatMap(([, , specifier = '']) => {
    const why = objection(room, file, specifier)
    return why === undefined ? [] : [`${file}: imports "${specifier}": ${why}`]
  })
  // The composition root may hand the environment on; config reads it.
  const mayNot = PURE_ROOMS.test(room)
    ? /\bprocess\.\w+/
    : ['config', 'main'].includes(room)
      ? /$^/
      : // Programs that are started have the whole of it, which nobody has to look at for that.
        /(?<!env: \{ \.\.\.)\bprocess\.env\b/
  const use = mayNot.exec(code)
  return use ? [...found, `${file}: uses ${use[0]}`] : found
}

test('every import goes down the picture, and through the face of a room', () => {
  const root = path.join(import.meta.dirname, '../src')
  const files = globSync('**/*.ts', { cwd: root })
  assert.ok(files.length > 50)
  assert.deepEqual(
    files.flatMap((file) => offences(file, readFileSync(path.join(root, file), 'utf8'))),
    [],
  )
})

/** The folders of a room, and each file that lies in it itself, with what they import of it; types are left out. */
function foldersOf(room: string): Map<string, Set<string>> {
  const root = path.join(import.meta.dirname, '../src', room)
  const folderOf = (file: string) => file.split('/')[0]!
  const needs = new Map<string, Set<string>>()
  for (const file of globSync('**/*.ts', { cwd: root })) {
    const source = readFileSync(path.join(root, file), 'utf8')
    const folder = needs.get(folderOf(file)) ?? new Set()
    needs.set(folderOf(file), folder)
    for (const [, target = ''] of source.matchAll(/^(?:import|export) (?!type\b)[^'"]*? from '(\.[^']+)'/gms)) {
      folder.add(folderOf(path.posix.join(path.posix.dirname(file), target)))
    }
    folder.delete(folderOf(file))
  }
  return needs
}

test('no two folders of the vault need each other', () => {
  const needs = foldersOf('vault')
  assert.ok(needs.size > 20)
  // Whoever needs only what was taken away before goes next; what is left stands in a circle.
  for (let taken = -1; taken !== 0; ) {
    const free = [...needs].filter(([, needed]) => ![...needed].some((folder) => needs.has(folder)))
    for (const [folder] of free) needs.delete(folder)
    taken = free.length
  }
  assert.deepEqual([...needs.keys()], [])
})

for (const [file, source] of [
  ['core/broker.ts', "import { Tokens } from '#auth'"],
  ['core/broker.ts', "export * from '#store'"],
  ['core/broker.ts', "import { connect } from 'node:net'"],
  ['wire/nats/parser.ts', "const { readFile } = await import('node:fs/promises')"],
  ['wire/nats/parser.ts', "import type { Frame } from '#wire/websocket'"],
  ['wire/websocket/frames.ts', "import { GrowingBuffer } from '../nats/growing-buffer.ts'"],
  ['wire/growing-buffer.ts', "import { Frame } from './websocket/frame.ts'"],
  ['core/sublist.ts', "import { readFileSync } from 'node:fs'"],
  ['kit/clock.ts', 'export const zone = process.env.TZ'],
  ['kit/clock.ts', "import fastify from 'fastify'"],
  ['auth/tokens.ts', "import type { Carrier } from '#net'"],
  ['doors/hub/door.ts', "import { NatsDoor } from '#doors/nats'"],
  ['doors/hub/door.ts', "import { loadOptions } from '#config'"],
  ['vault/app.ts', "import { HubDoor } from '#doors/hub'"],
  ['vault/app.ts', "import { Broker } from '../core/broker.ts'"],
  ['vault/ciphers/write.ts', 'import { Broker } from "../../core/broker.ts"'],
  ['vault/app.ts', "import {\n  startServer,\n} from '#server'"],
  ['net/listen.ts', 'const port = Number(process.env.PORT)'],
  ['net/listen.ts', "import net from 'net'"],
  ['cellar/index.ts', "import { Broker } from '#core'"],
] as const) {
  test(`${file} may not say: ${source.replace(/\s+/g, ' ')}`, () => assert.equal(offences(file, source).length, 1))
}
