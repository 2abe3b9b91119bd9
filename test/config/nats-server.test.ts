import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkConfigFile } from '#config'
import { ConfigError } from '#kit'
import { requireProgram } from '../helpers/programs.ts'
import { Folder } from './folder.ts'

/**
 * Files that nats-server and we must judge alike, and, where they are wrong, with the same words. Left out on purpose:
 * what nats-server only does by accident (each such place in src/config/language has a comment), and rules that changed
 * between its versions.
 */
const files = [
  'port: 4222',
  'port 4222',
  'port=4222',
  'port\n4222',
  'port\n\n4222',
  '{ "port": 4222, "host": "a" }\n',
  'port = 4222; host = a, server_name = b',
  'port: 4222 }',
  'port: 4222\n}',
  'PORT: 4222\nMax_Payload: 1MB',
  'port: 4222 # c\n// d\nhost: a # x',
  'port: 4222 / \nhost: a',
  'host: "a"# c',
  "host: 'a' // c",
  'websocket\n{\nport: 8080\nno_tls: true\n}',
  'websocket: {port: 8080, no_tls: true}',
  'ws { listen: "0.0.0.0:8080", no_tls: yes; same_origin: on }',
  'websocket { port:\n8080, no_tls: true }',
  'websocket { port: -1, no_tls: true, handshake_timeout: "2s", allowed_origins: ["https://a.org", "http://b.org"] }',
  'websocket { no_tls: true, origin: [\n"https://a.org"\n"https://b.org"\n] }',
  'websocket { # c\n no_tls: true // d\n}',
  'listen: 127.0.0.1:4222',
  'listen: 4222',
  'listen: ":4222"',
  'max_payload: 1mb, max_pending: 10mib, max_control_line: 4k',
  'max_connections: 100, max_subscriptions: 10',
  'ping_interval: "30s", ping_max: 5, write_deadline: "1m30s"',
  'p: 4222\nport: $p',
  'my { port: 1 }\nwebsocket: $my',
  'websocket { p: 1, port: $p, no_tls: true }',
  'port: $BELFRY_TEST_PORT',
  'host: $BELFRY_TEST_HOST',
  'include other.conf',
  'websocket { include other.conf\n no_tls: true }',
  'include "/other.conf"',
  String.raw`server_name: "\x41\"\\"`,
  'authorization_note: (\n x # (y)\n)\nhost: h',

  'port:\n4222',
  'port\n=\n4222',
  'port: 1 2',
  'websocket{\nport: 8080\n}',
  'websocket { port: 1 no_tls: true }',
  'websocket { port: 1',
  'websocket {',
  'websocket { port',
  'websocket { "port',
  'websocket { =1 }',
  'websocket { ] }',
  'websocket { port: , }',
  'websocket { origins: [a b] }',
  'websocket { origins: [a,,b] }',
  'websocket { origins: [a',
  '=5',
  'port: 4222\n/ x',
  'host: "a',
  String.raw`host: "\q"`,
  String.raw`host: "\x4"`,
  'port: .5',
  'port: 1.',
  'port: -',
  'host: 12-3',
  'host: 1234-abc',
  'host: 2026-13-01T00:00:00Z',
  'host: (\nab',
  'port: 99999999999999999999',
  'port: $NOPE',
  'port: $p\np: 1',
  'host: $2b$11$abc',
  'include no.conf',
  'include broken.conf',
  'include 5',
  'include [a]',
  'unknown_field: 1',
  'a: 1; b: 2',
  '\n\n  unknown_field: 1',
  'websocket { unknown_field: 1 }',
  'websocket {\n unknown_field: 1\n}',
  'host: 5',
  '\nhost: 5',
  'port: "x"',
  'port: 1.5',
  'port: 4222#c',
  'port: 10s',
  'listen: true',
  'listen: "x"',
  'listen: "h:x"',
  'max_payload: 5GB',
  'ping_interval: 5',
  'ping_interval: "5x"',
  'ping_interval: "5"',
  'websocket: 5',
  'websocket { tls: 5 }',
  'websocket { tls { cert_file: 5 } }',
  'websocket { tls { cert_file: "x" } }',
  'websocket { tls { key_file: "x" } }',
  'websocket { handshake_timeout: 1.5 }',
  'websocket { handshake_timeout: "x" }',
  'websocket { origins: 5 }',
  'websocket { origins: [5 ] }',
  'websocket { no_tls: "true" }',
]

const environment = { BELFRY_TEST_PORT: '4333', BELFRY_TEST_HOST: '"12"' }
const natsServer = requireProgram('nats-server')

describe('nats-server -t judges as we do', { skip: natsServer.skip }, () => {
  for (const text of files) {
    test(JSON.stringify(text), () => {
      using folder = new Folder({ 'other.conf': 'port: 4333', 'broken.conf': 'port: .5' })
      writeFileSync(join(folder.path, 'x.conf'), text)
      assert.deepEqual(ourJudgement(folder.path), theirJudgement(folder.path))
    })
  }
})

/** The lines of complaint, sorted, for nats-server goes through its maps at random; empty when the file is right. */
function theirJudgement(cwd: string): string[] {
  const { status, stderr } = spawnSync(natsServer.path, ['-t', '-c', 'x.conf'], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  })
  if (status === 0) return []
  return stderr
    .replace(/^nats-server: /, '')
    .replaceAll("got '\0'", "got 'EOF'")
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

function ourJudgement(cwd: string): string[] {
  try {
    checkConfigFile('x.conf', { env: environment, cwd })
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    // We add where it is, and what may have been meant.
    return error.message
      .split('\n')
      .map((line) => line.replace(/ \([^()]*:\d+:\d+\)$/, '').replace(/ \((did you mean|write) .*\)$/, ''))
      .sort()
  }
}
