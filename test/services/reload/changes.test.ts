import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeLine, changesBetween } from '../../../src/services/reload/changes.ts'

const BEFORE = {
  nats: { maxConnections: 100, authorization: { user: 'a', password: 'old' }, tls: undefined },
  websockets: [{ port: 1, allowedOrigins: ['https://a'] }, { port: 2 }],
}

function linesOf(after: object): string[] {
  return changesBetween(BEFORE, after).map(changeLine)
}

test('equal options have no changes, whatever objects they are', () => {
  assert.deepEqual(linesOf(structuredClone(BEFORE)), [])
})

test('each changed option is one line with its path, old and new value', () => {
  const after = {
    nats: { ...BEFORE.nats, maxConnections: 200 },
    websockets: [{ port: 1, allowedOrigins: ['https://b', 'https://c'] }, { port: 2 }],
  }
  assert.deepEqual(linesOf(after), [
    'nats.maxConnections: 100 -> 200',
    'websockets[0].allowedOrigins: ["https://a"] -> ["https://b","https://c"]',
  ])
})

test('a listener that comes or goes is one change', () => {
  assert.deepEqual(linesOf({ ...BEFORE, websockets: [BEFORE.websockets[0]] }), ['websockets[1]: {"port":2} -> none'])
  assert.deepEqual(linesOf({ ...BEFORE, websockets: [...BEFORE.websockets, { port: 3 }] }), [
    'websockets[2]: none -> {"port":3}',
  ])
  const [, second] = changesBetween(BEFORE, { ...BEFORE, websockets: [] })
  assert.equal(second, undefined)
})

test('secrets are not shown, wherever they stand', () => {
  const nats = { ...BEFORE.nats, authorization: { user: 'b', password: 'new' } }
  assert.deepEqual(linesOf({ ...BEFORE, nats }), [
    'nats.authorization.user: "a" -> "b"',
    'nats.authorization.password: [redacted] -> [redacted]',
  ])
  assert.deepEqual(linesOf({ websockets: BEFORE.websockets }), [
    'nats: {"maxConnections":100,"authorization":{"user":"a","password":"[redacted]"}} -> none',
  ])
})

test('the secrets of users and accounts are not shown', () => {
  const resolver = (url: string) => ({ kind: 'url', url })
  const before = {
    authorization: {
      users: [{ user: 'a', password: 'secret-1', account: '$G' }],
      operator: {
        operators: ['eyJ.secret-2'],
        preload: { ADOQ: 'eyJ.secret-3' },
        defaultSentinel: 'eyJ.secret-4',
        resolver: resolver('https://u:secret-5@accounts/'),
      },
    },
  }
  const after = {
    authorization: {
      users: [
        { user: 'a', password: 'secret-6', account: 'A' },
        { user: 'b', password: 'secret-7', account: '$G' },
      ],
      operator: {
        operators: ['eyJ.secret-8', 'eyJ.secret-9'],
        preload: { ADOQ: 'eyJ.secret-10' },
        defaultSentinel: 'eyJ.secret-11',
        resolver: resolver('https://secret-12@other/'),
      },
    },
  }
  assert.deepEqual(changesBetween(before, after).map(changeLine), [
    'authorization.users[0].password: [redacted] -> [redacted]',
    'authorization.users[0].account: "$G" -> "A"',
    'authorization.users[1]: none -> {"user":"b","password":"[redacted]","account":"$G"}',
    'authorization.operator.operators: [redacted] -> [redacted]',
    'authorization.operator.preload.ADOQ: [redacted] -> [redacted]',
    'authorization.operator.defaultSentinel: [redacted] -> [redacted]',
    'authorization.operator.resolver.url: "https://[redacted]@accounts/" -> "https://[redacted]@other/"',
  ])
  assert.doesNotMatch(changesBetween({}, after).map(changeLine).join(), /secret-/)
})

test('nor are those of what the vault asks', () => {
  const yubico = { clientId: '1', secretKey: 'secret-1' }
  const url = (password: string) => `postgresql://host/vault?user=u&password=${password}&sslmode=require`
  const before = { database: { url: url('secret-2') }, twoFactor: { yubico } }
  const after = { database: { url: url('secret-3') }, twoFactor: { yubico: { ...yubico, secretKey: 'secret-4' } } }
  assert.deepEqual(changesBetween(before, after).map(changeLine), [
    `database.url: "${url('[redacted]')}" -> "${url('[redacted]')}"`,
    'twoFactor.yubico.secretKey: [redacted] -> [redacted]',
  ])
  assert.doesNotMatch(changesBetween({}, after).map(changeLine).join(), /secret-/)
})

test('the secrets of leaf node remotes are not shown, and a user in a URL is one', () => {
  const url = { scheme: 'nats', host: 'hub', port: 7422, user: 'secret-1', password: undefined }
  const proxy = { url: 'http://u:secret-2@proxy', username: 'u', password: 'secret-3' }
  const remote = { urls: [url], account: 'A', nkeySeed: 'SU-secret-4', proxy }
  const linesOf = (before: object[], after: object[]) =>
    changesBetween({ leafnodes: { remotes: before } }, { leafnodes: { remotes: after } }).map(changeLine)
  assert.deepEqual(linesOf([], [remote]), [
    'leafnodes.remotes: [] -> [{"urls":[{"scheme":"nats","host":"hub","port":7422,"user":"[redacted]"}],"account":"A",' +
      '"nkeySeed":"[redacted]","proxy":{"url":"http://[redacted]@proxy","username":"u","password":"[redacted]"}}]',
  ])
  assert.deepEqual(linesOf([remote], [{ ...remote, urls: [{ ...url, user: 'secret-5' }], nkeySeed: 'SU-secret-6' }]), [
    'leafnodes.remotes[0].urls[0].user: [redacted] -> [redacted]',
    'leafnodes.remotes[0].nkeySeed: [redacted] -> [redacted]',
  ])
})
