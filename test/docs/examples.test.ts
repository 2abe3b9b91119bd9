/** Programs and proxies' configurations on pages: they can be read, and what they import of Belfry is there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { TestAuthority } from '../helpers/certificates.ts'
import { freePort, runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { PAGES, ROOT, readPage } from './page.ts'

const { exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const blocks = PAGES.flatMap((page) =>
  readPage(page).blocks.map((block) => ({ ...block, place: `${page}:${block.line}` })),
)
const written = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language))

describe('a program on a page is one:', () => {
  for (const { place, language, text } of written('js', 'ts')) {
    test(place, async () => {
      await using folder = await temporaryFolder()
      const file = `example.m${language}`
      await writeFile(folder.join(file), text)
      const { code, stderr } = await runProgram({
        command: process.execPath,
        args: ['--check', file],
        cwd: folder.path,
      })
      assert.equal(code, 0, stderr)
      for (const [, names = '', from = ''] of text.matchAll(/import \{([^}]*)\} from 'belfry([\w/-]*)'/g)) {
        const { types } = exports[`.${from}`] ?? {}
        assert.ok(types, `belfry${from} is not exported`)
        const source = path.join(ROOT, types.replace('/dist/', '/src/').replace(/\.d\.ts$/, '.ts'))
        const module = await import(source)
        for (const name of names.split(',')) assert.ok(name.trim() in module, `belfry${from} has no ${name.trim()}`)
      }
    })
  }
})

describe('nginx takes what pages show of it:', { skip: requireProgram('nginx').skip }, () => {
  for (const { place, text } of written('nginx')) {
    test(place, async () => {
      await using folder = await temporaryFolder()
      const { certFile, keyFile } = await (await TestAuthority.create(folder)).issue()
      const port = await freePort()
      const inner = /^\s*(server|map|upstream|log_format)\b/m.test(text) ? text : `server { listen ${port};\n${text}\n}`
      const here = inner
        .replaceAll(/listen (?:\[::\]:)?(443|80)\b/g, `listen 127.0.0.1:${port}`)
        .replaceAll(/http:\/\/belfry\b/g, 'http://127.0.0.1')
      const certificate = `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`
      const config = `pid nginx.pid; error_log stderr; events {} http { access_log off; ${certificate}\n${here}\n}`
      await writeFile(folder.join('nginx.conf'), config)
      const { code, stderr } = await runProgram({
        command: requireProgram('nginx').path,
        args: ['-t', '-p', folder.path, '-c', folder.join('nginx.conf')],
      })
      assert.equal(code, 0, `${stderr}\n${config}`)
      assert.doesNotMatch(stderr, /\[(warn|emerg)\](?!.*"user" directive)/)
    })
  }
})
