import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { startTestServer } from '../../helpers/server.ts'
import { temporaryFolder } from '../../helpers/temp.ts'

const EVENT = 'folder cannot be used: uploads will fail'

test('a folder in which no file could be kept is told at the start, and others are not', async () => {
  await using folder = await temporaryFolder()
  await mkdir(folder.join('made'))
  await writeFile(folder.join('file'), 'x')
  for (const [attachmentsFolder, sendsFolder, told] of [
    [folder.join('made'), folder.join('not/made/yet'), []],
    [folder.join('file'), folder.join('file/sends'), [folder.join('file'), folder.join('file/sends')]],
  ] as const) {
    const lines: LoggedEvent[] = []
    const logger = recordingLogger((line) => lines.push(line))
    await using server = await startTestServer({ vault: { attachmentsFolder, sendsFolder } }, logger)
    assert.equal((await fetch(`${server.webUrl}/alive`)).status, 200)
    const warnings = lines.filter(({ event }) => event === EVENT)
    assert.deepEqual(
      warnings.map(({ level, fields }) => [level, fields.folder]),
      told.map((folder) => ['warn', folder]),
    )
  }
  assert.deepEqual((await readdir(folder.path)).sort(), ['file', 'made'])
})
