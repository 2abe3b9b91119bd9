/** Users for those who show nothing, credentials of the WebSocket listener's own, users of one door: `spec/nats.md` §4.5, §4.7. */
import { nkeyAuthenticator, tokenAuthenticator, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { createUser } from '@nats-io/nkeys'
import { CARRIERS } from './carriers.ts'
import { describeForm, type Form } from './forms.ts'
import { table } from './sites.ts'

const who = (user: string, password = 'secret') => ({ authenticator: usernamePasswordAuthenticator(user, password) })
const token = (text: string) => ({ authenticator: tokenAuthenticator(text) })

const own = (name: string) => `permissions: { publish: "${name}.>", subscribe: "${name}.>" }`
const user = (name: string, more = '') => `{ user: ${name}, password: secret, ${own(name)} ${more} }`
const GUESTS = `users: [${user('guest')}, ${user('visitor')}, ${user('member')}]`

const byKey = createUser()

const FORMS: readonly Form[] = [
  {
    name: 'no_auth_user',
    config: { main: `authorization { ${GUESTS} }\nno_auth_user: guest` },
    accepted: {
      'one without credentials, as that user,': { subject: 'guest.1' },
      'a user with a password': { ...who('member'), subject: 'member.1' },
    },
    refused: {
      'a wrong password': who('member', 'wrong'),
      'an unknown user': who('nobody'),
      'a token': token('secret'),
    },
    removal: {
      main: `authorization { users: [${user('guest', ', allowed_connection_types: [LEAFNODE]')}, ${user('visitor')}] }
        no_auth_user: guest`,
    },
  },
  {
    name: 'no_auth_user of the WebSocket listener',
    config: { main: `authorization { ${GUESTS} }`, webSocket: 'no_auth_user: visitor' },
    accepted: { 'a user with a password': { ...who('member'), subject: 'member.1' } },
    webSocketOnly: { 'one without credentials, as that user,': { subject: 'visitor.1' } },
    refused: { 'a wrong password': who('member', 'wrong') },
    removal: {
      main: `authorization { users: [${user('guest')}, ${user('visitor')}] }`,
      webSocket: 'no_auth_user: visitor',
    },
    isRemovalSilent: true,
  },
  ...[true, false].map((isWebSocket) => ({
    name: `no_auth_user of the WebSocket listener beside that of the server, ${isWebSocket ? 'there' : 'elsewhere'}`,
    carriers: CARRIERS.filter((carrier) => carrier.isWebSocket === isWebSocket),
    config: { main: `authorization { ${GUESTS} }\nno_auth_user: guest`, webSocket: 'no_auth_user: visitor' },
    accepted: {
      'one without credentials, as the right user,': { subject: isWebSocket ? 'visitor.1' : 'guest.1' },
      'a user with a password': { ...who('member'), subject: 'member.1' },
    },
    refused: { 'a wrong password': who('member', 'wrong') },
  })),
  {
    name: 'a user of the WebSocket listener beside that of the server',
    config: {
      main: 'authorization { user: main, password: secret }',
      webSocket: 'authorization { user: web, password: secret }',
    },
    tcpOnly: { 'the user of the server': who('main') },
    webSocketOnly: { 'the user of the WebSocket listener': who('web') },
    refused: { 'one without credentials': {}, 'a wrong password': who('web', 'wrong') },
  },
  {
    name: 'a user of the WebSocket listener, where the server asks nobody',
    config: { webSocket: 'authorization { user: web, password: secret }' },
    accepted: { 'the user of the WebSocket listener': who('web') },
    tcpOnly: { 'one without credentials': {}, 'credentials that nobody knows': who('any') },
  },
  {
    name: 'a token of the WebSocket listener beside that of the server',
    config: { main: 'authorization { token: main }', webSocket: 'authorization { token: web }' },
    tcpOnly: { 'the token of the server': token('main') },
    webSocketOnly: { 'the token of the WebSocket listener': token('web') },
    refused: { 'one without credentials': {} },
  },
  {
    name: 'allowed_connection_types',
    config: {
      main: `authorization { users: [
        ${user('any')}
        ${user('tcp', ', allowed_connection_types: [STANDARD]')}
        ${user('web', ', connection_types: websocket')}
        ${user('both', ', clients: ["Standard", "WebSocket", "MQTT_WS"]')}
        ${user('neither', ', allowed_connection_types: [LEAFNODE, LEAFNODE_WS, MQTT, MQTT_WS]')}
        { nkey: ${byKey.getPublicKey()}, ${own('key')}, allowed_connection_types: [STANDARD, WEBSOCKET] }
      ] }`,
    },
    accepted: {
      'a user for all': { ...who('any'), subject: 'any.1' },
      'a user for both': { ...who('both'), subject: 'both.1' },
      'a key for both': { authenticator: nkeyAuthenticator(byKey.getSeed()), subject: 'key.1' },
    },
    tcpOnly: { 'a user for TCP': { ...who('tcp'), subject: 'tcp.1' } },
    webSocketOnly: { 'a user for WebSockets': { ...who('web'), subject: 'web.1' } },
    refused: { 'a user for other doors': who('neither') },
    removal: {
      main: `authorization { users: [${user('any', ', allowed_connection_types: [LEAFNODE]')}, ${user('other')}] }`,
    },
  },
]

table((implementation) => {
  for (const form of FORMS) describeForm(implementation, form)
})
