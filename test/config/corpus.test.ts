import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkConfigFile, loadNatsOptions } from '#config'
import { ConfigError } from '#kit'
import { requireProgram } from '../helpers/programs.ts'

/*
 * Whole files, in corpus/:
 *   good/     nothing is wrong; <name>.remarks.txt is what we remark, if anything
 *   bad/      found by `-t` already; <name>.txt is what is wrong, line by line
 *   start/    right line by line, wrong as a whole: found at the start only; <name>.txt likewise
 *   refused/  right for nats-server, but more than this version can do; <name>.txt likewise
 * Where nats-server is installed it judges every file as well, so that what the corpus says of it is proven. A file's
 * first line may say `# nats-server: differs: <how>`, on purpose then, or `# nats-server: not 2.9 (<why>)`: then it must.
 */
const corpus = fileURLToPath(new URL('corpus', import.meta.url))
const env = {
  BELFRY_CORPUS_YES: 'true',
  BELFRY_CORPUS_USER: '"4711"',
  BELFRY_CORPUS_LISTEN: '"127.0.0.1:4222"',
  HOME: '/home/belfry',
}
const from = { env, cwd: corpus }

const files = globSync('*/*.conf', { cwd: corpus }).sort()
const filesIn = (folder: string) => files.filter((file) => file.startsWith(`${folder}/`))

/** The lines of the file beside `file` with this ending; none when it is not there. */
function linesBeside(file: string, ending: string): string[] {
  const path = `${corpus}/${file.replace(/\.conf$/, ending)}`
  return existsSync(path) ? linesOf(readFileSync(path, 'utf8')) : []
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** What is wrong, line by line. */
function complaints(judge: () => unknown): string[] {
  try {
    judge()
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
}

describe('a config file', () => {
  for (const file of filesIn('good')) {
    test(`${file} is right`, () => {
      const remarks = linesBeside(file, '.remarks.txt')
      assert.deepEqual(checkConfigFile(file, from).warnings, remarks)
      assert.deepEqual(loadNatsOptions({ configFile: file, ...from }).warnings, remarks)
    })
  }

  for (const file of filesIn('bad')) {
    test(`${file} is wrong, to the letter`, () => {
      const expected = linesBeside(file, '.txt')
      assert.notDeepEqual(expected, [])
      assert.deepEqual(
        complaints(() => checkConfigFile(file, from)),
        expected,
      )
    })
  }

  for (const file of filesIn('start')) {
    test(`${file} is wrong at the start only`, () => {
      const expected = linesBeside(file, '.txt')
      assert.notDeepEqual(expected, [])
      assert.deepEqual(checkConfigFile(file, from).warnings, [])
      assert.deepEqual(
        complaints(() => loadNatsOptions({ configFile: file, ...from })),
        expected,
      )
    })
  }

  for (const file of filesIn('refused')) {
    test(`${file} asks for more than there is`, () => {
      const expected = linesBeside(file, '.txt')
      assert.notDeepEqual(expected, [])
      assert.deepEqual(checkConfigFile(file, from).refusals, expected)
      assert.deepEqual(
        complaints(() => loadNatsOptions({ configFile: file, ...from })),
        expected,
      )
    })
  }
})

const natsServer = requireProgram('nats-server')

describe('nats-server judges the corpus as it says', { skip: natsServer.skip }, () => {
  const version = natsServer.skip === false ? runNatsServer(['-v']).output : ''

  for (const file of files) {
    const mark = /^# nats-server: (.*)/.exec(readFileSync(`${corpus}/${file}`, 'utf8'))?.[1] ?? ''
    const unlike = /^not (2\.9) /.exec(mark)?.[1]
    const differs = mark.startsWith('differs: ') || (unlike !== undefined && version.includes(`v${unlike}.`))

    test(`${file}${differs ? `, which ${mark}` : ''}`, () => {
      const isStart = file.startsWith('start/')
      const ours = isStart ? linesBeside(file, '.txt').slice(0, 1).map(withoutOurAdditions) : ourJudgement(file)
      const theirs = isStart ? theirStart(file, { mayRun: differs }) : theirJudgement(file)
      // A mark that is no longer true is a mistake as well.
      if (differs) assert.notDeepEqual(theirs, ours)
      else assert.deepEqual(theirs, ours)
    })
  }
})

/** Lines of complaint in any order; of a right file its digest, where nats-server tells it. */
function ourJudgement(file: string): string[] {
  const wrong = complaints(() => checkConfigFile(file, from))
  if (wrong.length > 0) return wrong.map(withoutOurAdditions).sort()
  return /sha256/.test(runNatsServer(['-t', '-c', file]).output) ? [checkConfigFile(file, from).digest] : []
}

function theirJudgement(file: string): string[] {
  const { status, output } = runNatsServer(['-t', '-c', file])
  if (status === 0) return linesOf(/sha256:(\w+)/.exec(output)?.[1] ?? '')
  return linesOf(output.replace(/^nats-server: /, '').replaceAll("got '\0'", "got 'EOF'")).sort()
}

/** The one thing that ends its start; empty when it does start. */
function theirStart(file: string, { mayRun }: { mayRun: boolean }): string[] {
  // One that does start is ended: it has nothing more to say.
  const { output } = runNatsServer(['-c', file, '-a', '127.0.0.1', '-p', '-1'], mayRun ? 1_000 : 20_000)
  const fatal = /^nats-server: (.*)$/m.exec(output) ?? /\[FTL\] (?:Can't start monitoring: )?(.*)$/m.exec(output)
  return fatal === null ? [] : [fatal[1]!]
}

/** We say where it is, and what may have been meant. */
function withoutOurAdditions(line: string): string {
  return line.replace(/ \([^()]*:\d+:\d+\)$/, '').replace(/ \((did you mean|write) .*\)$/, '')
}

function runNatsServer(args: readonly string[], timeout = 20_000) {
  const options = { cwd: corpus, encoding: 'utf8', env: { ...process.env, ...env }, timeout } as const
  const { status, stderr, stdout } = spawnSync(natsServer.path, args, options)
  return { status, output: stdout + stderr }
}
