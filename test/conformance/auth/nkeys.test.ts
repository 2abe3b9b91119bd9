/** NKeys: who signs the nonce with the seed of a known key (`spec/nats.md` §4.3). */
import { nkeyAuthenticator, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { createAccount, createUser } from '@nats-io/nkeys'
import { carrier } from './carriers.ts'
import { describeForm, type Form } from './forms.ts'
import { table } from './sites.ts'

const first = createUser()
const second = createUser()
const onlyTcp = createUser()
const onlyWebSocket = createUser()
const stranger = createUser()

const by = (pair: typeof first) => ({ authenticator: nkeyAuthenticator(pair.getSeed()) })
/** Says that it is `pair`, and shows `sig`. */
const claiming = (pair: typeof first, sig: (nonce: string) => string) => ({
  authenticator: (nonce = '') => ({ nkey: pair.getPublicKey(), sig: sig(nonce) }),
})
const signedBy = (pair: typeof first, encoding: 'base64' | 'base64url', text?: string) => (nonce: string) =>
  Buffer.from(pair.sign(Buffer.from(text ?? nonce))).toString(encoding)

const entry = (pair: typeof first, more = '') => `{ nkey: ${pair.getPublicKey()} ${more} }`

const KNOWN: Form['config'] = {
  main: `authorization { users: [
    ${entry(first)}
    ${entry(second, ', permissions: { publish: "by.second", subscribe: "by.second" }')}
    ${entry(onlyTcp, ', allowed_connection_types: [standard]')}
    ${entry(onlyWebSocket, ', allowed_connection_types: ["WebSocket"]')}
    { user: name, password: secret }
  ] }`,
}

const FORMS: readonly Form[] = [
  {
    name: 'NKeys, beside a user with a password',
    config: KNOWN,
    accepted: {
      'a known key': by(first),
      'another key, with its permissions,': { ...by(second), subject: 'by.second' },
      'a user with a password': { authenticator: usernamePasswordAuthenticator('name', 'secret') },
    },
    refused: {
      'an unknown key': by(stranger),
      'a known key signed by another': claiming(first, signedBy(stranger, 'base64url')),
      'no credentials': {},
    },
    tcpOnly: { 'a key for TCP alone': by(onlyTcp) },
    webSocketOnly: { 'a key for WebSockets alone': by(onlyWebSocket) },
    removal: { main: `authorization { users: [${entry(second)}] }` },
    isRemovalSilent: true,
  },
  {
    name: 'signatures of NKeys',
    config: KNOWN,
    carriers: [carrier('TCP'), carrier('wss')],
    accepted: { 'one in base64 with padding': claiming(first, signedBy(first, 'base64')) },
    refused: {
      'one of something else': claiming(first, signedBy(first, 'base64url', 'nonce')),
      'one that is left out': claiming(first, () => ''),
      'one that is none': claiming(first, () => '!'),
      'one of a key of another kind': claiming(createAccount(), signedBy(first, 'base64url')),
    },
  },
  {
    name: 'NKeys of users in accounts',
    config: {
      main: `accounts {
        A { users: [${entry(first, ', permissions: { publish: "in.a", subscribe: "in.a" }')}] }
        B { users: [${entry(second, ', permissions: { publish: "in.b", subscribe: "in.b" }')}] }
      }`,
    },
    accepted: {
      'a key of one account': { ...by(first), subject: 'in.a' },
      'a key of another': { ...by(second), subject: 'in.b' },
    },
    refused: { 'an unknown key': by(stranger) },
  },
]

table((implementation) => {
  for (const form of FORMS) describeForm(implementation, form)
})
