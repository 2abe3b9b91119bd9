/** docker/Dockerfile under two linters: one from npm, and the rules of hadolint as they stand beside. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { validate } from 'dockerfile-utils'
import { runProgram } from '../../helpers/processes.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { readStages } from '../dockerfile.ts'
import { RULES } from './rules.ts'

const docker = path.join(import.meta.dirname, '../../../docker')
const dockerfile = readFileSync(path.join(docker, 'Dockerfile'), 'utf8')

test('every instruction is one, with what it takes', () => {
  assert.deepEqual(validate(dockerfile), [])
  for (const wrong of ['FORM scratch', 'FROM scratch\nEXPOSE x', 'FROM scratch\nHEALTHCHECK --retry=1 CMD ["a"]']) {
    assert.notDeepEqual(validate(wrong), [], wrong)
  }
})

for (const [name, { says, broken, example }] of Object.entries(RULES)) {
  test(`${name}: ${says}`, () => {
    assert.deepEqual(broken(readStages(dockerfile)), [])
    assert.equal(broken(readStages(example)).length, 1, 'its example passes')
  })
}

test('no rule is switched off', () => {
  assert.doesNotMatch(dockerfile, /hadolint/)
})

const shellcheck = requireProgram('shellcheck')

test('the shell of RUN lines, and of the scripts beside, has no traps', { skip: shellcheck.skip }, async () => {
  const runs = readStages(dockerfile).flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'RUN'))
  assert.ok(runs.length > 0)
  const scripts = [
    ...runs.map(({ text }) => `#!/bin/sh\n${text}\n`),
    readFileSync(path.join(docker, 'cluster/make-secrets'), 'utf8'),
    readFileSync(path.join(docker, '../bin/belfry'), 'utf8'),
  ]
  const check = (input: string) => runProgram({ command: shellcheck.path, args: ['-'], input })
  for (const script of scripts) assert.equal((await check(script)).stdout, '')
  assert.match((await check('#!/bin/sh\nrm -rf $1/x\n')).stdout, /SC2086/)
})
