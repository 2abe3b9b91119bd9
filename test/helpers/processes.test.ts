import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { startNatsServer } from './nats-server.ts'
import { freePort, runProgram, startProgram } from './processes.ts'
import { requireProgram } from './programs.ts'
import { once, until, within } from './wait.ts'

const command = process.execPath
const nats = requireProgram('nats-server')

test('a program is ready when it says so, and gone at the end of its block', async () => {
  let pid: number | undefined
  {
    await using program = await startProgram({
      command,
      args: ['-e', 'console.error("listening on 1234"); setInterval(() => {}, 1000)'],
      ready: /listening/,
    })
    assert.equal((await program.saying(/on (\d+)/))[1], '1234')
    pid = program.child.pid
  }
  assert.throws(() => process.kill(pid!, 0), { code: 'ESRCH' })
})

test('a program is ready when its port answers', async () => {
  const port = await freePort()
  await using program = await startProgram({
    command,
    args: ['-e', 'require("net").createServer().listen(+process.env.PORT, "127.0.0.1")'],
    env: { PORT: String(port) },
    ready: { port },
  })
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
  assert.deepEqual(await program.stop(), { code: null, signal: 'SIGTERM' })
})

test('a program that ends instead of getting ready is an error with what it said', async () => {
  const failing = startProgram({ command, args: ['-e', 'console.error("no such door"); process.exit(3)'], ready: /up/ })
  await assert.rejects(failing, /exit code 3\) before \/up\/ in the output:\nno such door/)
})

test('a program that does not exist is an error', async () => {
  await assert.rejects(startProgram({ command: 'belfry-no-such-program', ready: /up/ }), { code: 'ENOENT' })
  await assert.rejects(startProgram({ command: 'belfry-no-such-program' }), { code: 'ENOENT' })
})

test('a program that was run to its end has said everything', async () => {
  const script = 'process.stdout.write("x".repeat(100_000)); console.error("done")'
  const { code, stdout, stderr } = await runProgram({ command, args: ['-e', script] })
  assert.deepEqual([code, stdout.length, stderr], [0, 100_000, 'done\n'])
})

test('waiting ends at the deadline', async () => {
  await assert.rejects(within(new Promise(() => {}), 'nothing', 10), /Waited 10 ms for nothing/)
  await assert.rejects(
    until(() => false, 'the truth', 10),
    /Waited 10 ms for the truth/,
  )
  let asked = 0
  assert.equal(await until(() => ++asked === 3 && 'yes', 'the third time'), 'yes')
})

test('a real nats-server starts on free ports', { skip: nats.skip }, async () => {
  await using server = await startNatsServer('websocket { port: -1, no_tls: true }')
  assert.match(server.url, /^nats:\/\/127\.0\.0\.1:\d+$/)
  assert.match(server.ports.websocket?.[0] ?? '', /^ws:\/\//)
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8')
  const [info] = await once(socket, 'data')
  assert.match(String(info), /^INFO \{/)
  socket.destroy()
})
