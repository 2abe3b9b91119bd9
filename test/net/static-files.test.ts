import assert from 'node:assert/strict'
import { readdir, readlink, truncate, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { StaticFiles } from '#net'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, until } from '../helpers/wait.ts'

/** More than what sockets hold on the way. */
const LARGE = 32 * 1024 * 1024

async function serve(folder: string, stallMs: number) {
  const files = await StaticFiles.open(folder, { headersOf: () => ({}), stallMs })
  const ends: string[] = []
  const server = createServer(async (request, response) => {
    await files.send(request.url!.slice(1), request, response)
    ends.push(response.writableFinished ? 'whole' : 'broken off')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    ends,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** How many files of `folder` this process holds open. */
async function openFiles(folder: string): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter((target) => target.startsWith(folder)).length
}

test('who takes nothing of a file is cut off, and costs nobody else anything', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('large.bin'), Buffer.alloc(LARGE))
  await using server = await serve(folder.path, 300)
  const lazy = connect(server.port, '127.0.0.1')
  lazy.pause()
  lazy.on('error', () => {})
  lazy.write('GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(async () => (await openFiles(folder.path)) === 1, 'the file is open')
  const whole = await fetch(`http://127.0.0.1:${server.port}/large.bin`)
  assert.equal((await whole.arrayBuffer()).byteLength, LARGE)
  await until(() => server.ends.length === 2, 'both are over')
  assert.deepEqual(server.ends.toSorted(), ['broken off', 'whole'])
  assert.equal(await openFiles(folder.path), 0)
  lazy.destroy()
})

test('who reads slowly gets all of it, however long that takes', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('large.bin'), Buffer.alloc(LARGE))
  await using server = await serve(folder.path, 250)
  const response = await fetch(`http://127.0.0.1:${server.port}/large.bin`)
  let bytes = 0
  let rests = 8
  for await (const chunk of response.body!) {
    bytes += chunk.length
    if (bytes > (LARGE / 8) * (8 - rests) && rests-- > 0) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.equal(bytes, LARGE)
})

test('a client that leaves lets go of the file', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('large.bin'), Buffer.alloc(LARGE))
  await using server = await serve(folder.path, 60_000)
  const leaving = get({ port: server.port, host: '127.0.0.1', path: '/large.bin' })
  leaving.on('error', () => {})
  await once(leaving, 'response')
  leaving.destroy()
  await until(() => server.ends.length === 1, 'it is over')
  assert.deepEqual([server.ends[0], await openFiles(folder.path)], ['broken off', 0])
})

test('a file that becomes shorter on the way is broken off, not waited for', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('large.bin'), Buffer.alloc(LARGE))
  await using server = await serve(folder.path, 60_000)
  const response = await fetch(`http://127.0.0.1:${server.port}/large.bin`)
  await truncate(folder.join('large.bin'), 1024)
  await assert.rejects(response.arrayBuffer())
  await until(() => server.ends.length === 1, 'it is over')
  assert.deepEqual([server.ends[0], await openFiles(folder.path)], ['broken off', 0])
})
