import net, { type Socket } from 'node:net'
import { startProgram } from '../../helpers/processes.ts'
import { once } from '../../helpers/wait.ts'
import type { Address } from '../raw-socket.ts'

const LISTEN = `
  const server = require('node:net').createServer()
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log('port', server.address().port))
`

/**
 * An address that answers nothing, as behind a firewall that drops packets: a program that listens was stopped, and the
 * system keeps no more connections for it.
 */
export async function findSilentPort(): Promise<Address & AsyncDisposable> {
  const program = await startProgram({ command: process.execPath, args: ['-e', LISTEN], ready: /port \d+/ })
  const port = Number((await program.saying(/port (\d+)/))[1])
  program.child.kill('SIGSTOP')
  // The first few get through, the others wait.
  const waiting: Socket[] = []
  for (let i = 0; i < 6; i++) {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    waiting.push(socket)
  }
  await once(waiting[0]!, 'connect')
  return {
    host: '127.0.0.1',
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy()
      program.child.kill('SIGKILL')
      await program.exited
    },
  }
}
