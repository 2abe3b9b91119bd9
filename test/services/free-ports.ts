import { once } from 'node:events'
import net from 'node:net'

/** Below those that Linux gives to outgoing connections, and to whoever asks for any port. */
const LOWEST = 10_000
const HIGHEST = 32_000

/** Different ports of 127.0.0.1 that are free, and that no other test is given by the system meanwhile. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
