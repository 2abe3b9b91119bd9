/** What pages show of configurations is right: `belfry check` has nothing to say of it, and JSON and YAML can be read. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseEnv } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { checkSettings } from '../../src/commands/check.ts'
import { accountJwt, operatorJwt, systemKey, userJwt } from '../config/jwts.ts'
import { unknownVariables } from '../docker/settings.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { PAGES, readPage } from './page.ts'

const jwt = { operator: operatorJwt({ system_account: systemKey.publicKey }), account: accountJwt(systemKey) }

/** What stands on pages for what is too long for them. */
const SHORTENED: readonly (readonly [RegExp, string])[] = [
  [/(?<=operator: )eyJ0…/, jwt.operator],
  [/eyJ0…/, jwt.account],
  [/AD…/g, systemKey.publicKey],
  [/"\$2b\$11\$…"/g, '"$2b$11$wDz0v5nDVSJgKBCEYpHcP.KkQvbCV2LGDWqbHSf2sHIcsWj5Aji3e"'],
]

let folder: TemporaryFolder
let certificate: { readonly cert: string; readonly key: string }
before(async () => {
  folder = await temporaryFolder()
  certificate = await (await TestAuthority.create(folder)).issue()
})
after(() => folder[Symbol.asyncDispose]())

const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })

/** A file of the kind that its name says. */
function contentOf(name: string): string {
  if (name.endsWith('.jwt')) return jwt.operator
  if (name.endsWith('.creds')) {
    const parts = {
      'USER JWT': userJwt(),
      'USER NKEY SEED': 'SUAFADGI26KHENKSS3FBQWFAZCZXDDQRCEUZWMM2XYEITL7M6Q6SCFLEJA',
    }
    return Object.entries(parts)
      .map(([title, text]) => `-----BEGIN NATS ${title}-----\n${text}\n------END NATS ${title}------\n`)
      .join('\n')
  }
  if (/\.pub\.pem$|rsa_key\.pem$/.test(name)) return publicKey.toString()
  return /key/.test(name) ? certificate.key : certificate.cert
}

let count = 0

/** The text with what it names made, in a folder of its own: files, variables, and what was shortened. */
function prepare(text: string): { readonly cwd: string; readonly text: string; readonly env: NodeJS.ProcessEnv } {
  count++
  const cwd = folder.join(String(count))
  mkdirSync(cwd)
  const whole = SHORTENED.reduce((result, [pattern, value]) => result.replace(pattern, value), text)
  const files = /(?<=["'\s:=])(\/?[\w./-]+\.(?:pem|key|crt|creds|jwt))(?=["'\s,;}]|$)/gm
  const prepared = whole.replace(files, (name) => {
    const file = path.join(cwd, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, contentOf(name))
    return file
  })
  const variables = [...prepared.matchAll(/(?<=[\s[])\$([A-Z_]+)\b/g)].map(([, name = '']) => name)
  // Long enough for any key.
  return { cwd, text: prepared, env: Object.fromEntries(variables.map((name) => [name, `x${'0a'.repeat(20)}`])) }
}

const blocks = PAGES.flatMap((page) =>
  readPage(page).blocks.map((block) => ({ ...block, place: `${page}:${block.line}` })),
)

describe('a configuration of a page is right:', () => {
  for (const { place, text } of blocks.filter(({ language }) => language === 'conf')) {
    test(place, async () => {
      const { cwd, env, text: whole } = prepare(text)
      writeFileSync(path.join(cwd, 'page.conf'), whole)
      assert.deepEqual(await checkSettings('page.conf', { cwd, env }), [])
    })
  }
})

describe('an environment of a page is right:', () => {
  for (const { place, text } of blocks.filter(({ language }) => language === 'dotenv')) {
    test(place, async () => {
      const { cwd, text: whole } = prepare(text)
      const env = parseEnv(whole)
      assert.notDeepEqual(env, {})
      assert.deepEqual(unknownVariables(env), [])
      assert.deepEqual(await checkSettings(undefined, { cwd, env }), [])
    })
  }
})

describe('a document of a page can be read:', () => {
  for (const { place, language, text } of blocks) {
    if (language === 'json') test(place, () => assert.ok(JSON.parse(text)))
    if (language === 'yaml') {
      test(place, () => {
        for (const { errors, warnings } of parseAllDocuments(text)) {
          // Tags of compose files (`!override`) are no business of a reader of YAML.
          assert.deepEqual([...errors, ...warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED')], [])
        }
      })
    }
  }
})
