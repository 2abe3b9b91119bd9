/** Passwords and tokens, as they are written and hashed: `spec/nats.md` §4.2. */
import { tokenAuthenticator, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { hashSync } from 'bcryptjs'
import { describeForm, type Form } from './forms.ts'
import { table } from './sites.ts'

const who = (user: string, password?: string) => ({ authenticator: usernamePasswordAuthenticator(user, password) })
const token = (text: string) => ({ authenticator: tokenAuthenticator(text) })

/** The least that bcrypt does. `$2a$` and `$2y$` are the same hash from different hands. */
const bcrypt = (secret: string, kind = '2b') => hashSync(secret, 4).replace(/^\$2.\$/, `$${kind}$`)

const OTHERS = { 'one without credentials': {}, 'one with a token': token('secret') }

const FORMS: readonly Form[] = [
  {
    name: 'a single user',
    config: { main: 'authorization { user: one, password: "s3cret!" }' },
    accepted: { 'the user': who('one', 's3cret!') },
    refused: {
      'a wrong password': who('one', 's3cret'),
      'an empty password': who('one', ''),
      'another user': who('two', 's3cret!'),
      ...OTHERS,
    },
    removal: { main: 'authorization { user: one, password: "another" }' },
    isRemovalSilent: true,
  },
  {
    name: 'a single user whose password is hashed',
    config: { main: `authorization { user: one, password: "${bcrypt('s3cret!', '2a')}" }` },
    accepted: { 'the user': who('one', 's3cret!') },
    refused: { 'a wrong password': who('one', 's3cret'), ...OTHERS },
    removal: { main: `authorization { user: one, password: "${bcrypt('another', '2y')}" }` },
    isRemovalSilent: true,
  },
  {
    name: 'a token',
    config: { main: 'authorization { token: "t0ken" }' },
    accepted: { 'the token': token('t0ken'), 'the token in the place of a user': { token: 't0ken' } },
    refused: {
      'a wrong token': token('t0ken2'),
      'an empty token': token(''),
      'the token as a password': who('', 't0ken'),
      'one without credentials': {},
    },
    removal: { main: 'authorization { token: "another" }' },
  },
  {
    name: 'a token that is hashed',
    config: { main: `authorization { token: "${bcrypt('t0ken', '2y')}" }` },
    accepted: { 'the token': token('t0ken') },
    refused: { 'a wrong token': token('t0ken2'), 'one without credentials': {} },
    removal: { main: `authorization { token: "${bcrypt('another')}" }` },
  },
  {
    name: 'users, with passwords plain and hashed',
    config: {
      main: `authorization { users: [
        { user: plain, password: "s3cret!" }
        { username: a, pass: "${bcrypt('secret a', '2a')}" }
        { user: b, password: "${bcrypt('secret b', '2b')}" }
        { user: y, password: "${bcrypt('sécret y', '2y')}" }
        { user: open }
      ] }`,
    },
    accepted: {
      'a user with a plain password': who('plain', 's3cret!'),
      'a user with $2a$': who('a', 'secret a'),
      'a user with $2b$': who('b', 'secret b'),
      'a user with $2y$, and a letter of two bytes': who('y', 'sécret y'),
      'a user without a password': who('open', ''),
    },
    refused: {
      'a wrong plain password': who('plain', 's3cret'),
      'a wrong password for $2a$': who('a', 'secret b'),
      'a wrong password for $2y$': who('y', 'secret y'),
      'the password of another': who('a', 's3cret!'),
      'an unknown user': who('nobody', 's3cret!'),
      'an empty user': who('', 's3cret!'),
      'a password for whom there is none': who('open', 'secret'),
      ...OTHERS,
    },
    removal: { main: 'authorization { users: [{ user: open }, { user: plain, password: "another" }] }' },
  },
]

table((implementation) => {
  for (const form of FORMS) describeForm(implementation, form)
})
