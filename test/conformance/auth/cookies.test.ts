/** Credentials that come in cookies with the upgrade, where CONNECT brings none: `spec/nats.md` §3.5. */
import { jwtAuthenticator, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { hashSync } from 'bcryptjs'
import { CARRIERS, REVOKED } from './carriers.ts'
import { describeForm, type Form } from './forms.ts'
import { nowSeconds, Operator } from './operator.ts'
import { table } from './sites.ts'

const WEB_SOCKETS = CARRIERS.filter(({ isWebSocket }) => isWebSocket)

const operator = new Operator()
const account = operator.account('A')
const bearer = await account.user('bearer', { claims: { bearer_token: true } })
const other = await account.user('other', { claims: { bearer_token: true } })
const signing = await account.user('signing')
const standard = await account.user('tcp', { claims: { bearer_token: true, allowed_connection_types: ['STANDARD'] } })
const expired = await account.user('expired', { claims: { bearer_token: true }, exp: nowSeconds() - 10 })
const stranger = await operator.account('UNKNOWN').user('stranger', { claims: { bearer_token: true } })

/** Signs the nonce with the key of `user`, and leaves the JWT to the cookie. */
const signatureOnly = (user: typeof signing) => {
  const authenticator = jwtAuthenticator(user.jwt, user.seed)
  return (nonce?: string) => ({ ...authenticator(nonce), jwt: '' })
}

const JWT_COOKIE: Form = {
  name: 'jwt_cookie',
  config: {
    main: await operator.memoryConfig({ [account.key]: await account.jwt() }),
    webSocket: 'jwt_cookie: "token"',
  },
  carriers: WEB_SOCKETS,
  accepted: {
    'a bearer in the cookie': { cookie: `token=${bearer.jwt}` },
    'a bearer in the cookie beside others': { cookie: `a=b; token=${bearer.jwt}; c=d` },
    'a user in the cookie who signs': { cookie: `token=${signing.jwt}`, authenticator: signatureOnly(signing) },
    'a JWT in CONNECT beside garbage in the cookie': { cookie: 'token=garbage', ...signing.credentials },
    'a JWT in CONNECT beside that of another': { cookie: `token=${stranger.jwt}`, ...bearer.bearer },
  },
  refused: {
    'a user in the cookie who does not sign': { cookie: `token=${signing.jwt}` },
    'a user in the cookie, signed by another': { cookie: `token=${signing.jwt}`, authenticator: signatureOnly(other) },
    'garbage in the cookie': { cookie: 'token=garbage' },
    'a bearer in another cookie': { cookie: `other=${bearer.jwt}` },
    'a bearer of whom time is over': { cookie: `token=${expired.jwt}` },
    'a bearer of an unknown account': { cookie: `token=${stranger.jwt}` },
    'a bearer who may not use WebSockets': { cookie: `token=${standard.jwt}` },
    'no cookie': {},
  },
  removal: {
    main: await operator.memoryConfig({
      [account.key]: await account.jwt({ revocations: { [bearer.key]: nowSeconds() + 3600 } }),
    }),
    webSocket: 'jwt_cookie: "token"',
  },
  removalEnding: REVOKED,
}

const who = (user: string, password: string) => ({ authenticator: usernamePasswordAuthenticator(user, password) })
const users = (password: string) => `authorization { users: [
  { user: plain, password: "${password}", permissions: { publish: "plain", subscribe: "plain" } }
  { user: hashed, password: "${hashSync('s3cret!', 4)}", permissions: { publish: "hashed", subscribe: "hashed" } }
] }`

/** 2.9.10 does not know them, and takes the first of two cookies. */
const NEWER: readonly Form[] = [
  {
    name: 'two cookies of one name',
    config: JWT_COOKIE.config,
    carriers: WEB_SOCKETS,
    accepted: { 'the last of them': { cookie: `token=garbage; token=${bearer.jwt}` } },
    refused: { 'garbage behind a bearer': { cookie: `token=${bearer.jwt}; token=garbage` } },
  },
  {
    name: 'user_cookie and pass_cookie',
    config: { main: users('secret'), webSocket: 'user_cookie: "un", pass_cookie: "pw"' },
    carriers: WEB_SOCKETS,
    accepted: {
      'a user with a plain password in cookies': { cookie: 'un=plain; pw=secret', subject: 'plain' },
      'a user with a hashed password in cookies': { cookie: 'pw=s3cret!; un=hashed', subject: 'hashed' },
      'a user in CONNECT, the password in a cookie': { ...who('plain', ''), cookie: 'pw=secret', subject: 'plain' },
      'a user in CONNECT before the cookies': { ...who('plain', 'secret'), cookie: 'un=a; pw=b', subject: 'plain' },
    },
    refused: {
      'a wrong password in the cookie': { cookie: 'un=plain; pw=wrong' },
      'a user alone': { cookie: 'un=plain' },
      'wrong credentials in CONNECT before the cookies': { ...who('plain', 'wrong'), cookie: 'un=plain; pw=secret' },
      'no cookies': {},
    },
    removal: { main: users('another'), webSocket: 'user_cookie: "un", pass_cookie: "pw"' },
  },
  {
    name: 'token_cookie',
    config: { main: 'authorization { token: "t0ken" }', webSocket: 'token_cookie: "tok"' },
    carriers: WEB_SOCKETS,
    accepted: {
      'the token in the cookie': { cookie: 'tok=t0ken' },
      'the token in CONNECT before the cookie': { token: 't0ken', cookie: 'tok=wrong' },
    },
    refused: {
      'a wrong token in the cookie': { cookie: 'tok=wrong' },
      'a wrong token in CONNECT before the cookie': { token: 'wrong', cookie: 'tok=t0ken' },
      'no cookie': {},
    },
    removal: { main: 'authorization { token: "another" }', webSocket: 'token_cookie: "tok"' },
  },
]

table((implementation) => {
  describeForm(implementation, JWT_COOKIE)
  if (implementation.name === 'natsServer') return
  for (const form of NEWER) describeForm(implementation, form)
})
