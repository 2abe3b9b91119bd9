/** A proxy that does one thing wrong, in front of a server that is fine. One request for each connection. */
import net, { type AddressInfo, type Socket } from 'node:net'
import tls from 'node:tls'
import { once } from '../helpers/wait.ts'

export interface Meddling {
  /** Of the head of a request, line by line, without the empty one at its end. A text is answered instead. */
  onRequest?(lines: readonly string[]): readonly string[] | string
  /** Of the answer, as soon as its head is there. */
  onAnswer?(head: string): string
  /** Answers are passed on when they have ended; those of upgrades at once. */
  readonly keepsAnswersBack?: boolean
  /** What comes behind the head of a 101 is passed on to nobody. */
  readonly swallowsMessages?: boolean
  /** Cuts a connection on which nobody has said anything for so long; milliseconds. */
  readonly idleMs?: number
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface Meddler extends AsyncDisposable {
  /** `http://127.0.0.1:port`, or `https://localhost:port` */
  readonly url: string
}

export async function startMeddler(upstreamUrl: string, meddling: Meddling): Promise<Meddler> {
  const { hostname, port } = new URL(upstreamUrl)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const onClient = (client: Socket) => meddle(keep(client), () => keep(net.connect(Number(port), hostname)), meddling)
  const server = meddling.tls === undefined ? net.createServer(onClient) : tls.createServer(meddling.tls, onClient)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = (server.address() as AddressInfo).port
  return {
    url: meddling.tls === undefined ? `http://127.0.0.1:${at}` : `https://localhost:${at}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One that answers every request with this, whatever it is. */
export function startAnswerer(answer: string, more: Meddling = {}): Promise<Meddler> {
  return startMeddler('http://127.0.0.1:1', { ...more, onRequest: () => answer })
}

/** A whole answer. */
export function answer(status: string, headers: readonly string[] = [], body = ''): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return `${[`HTTP/1.1 ${status}`, ...headers, length, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`
}

/** Header lines of a request without those whose names are given. */
export function without(lines: readonly string[], ...names: readonly string[]): string[] {
  return lines.filter((line, i) => i === 0 || !names.some((name) => line.toLowerCase().startsWith(`${name}:`)))
}

function meddle(client: Socket, connectUpstream: () => Socket, meddling: Meddling): void {
  readHead(client, (head, rest) => {
    const lines = head.split('\r\n').slice(0, -2)
    const meddled = meddling.onRequest?.(lines) ?? lines
    if (typeof meddled === 'string') {
      client.end(meddled)
      return
    }
    const upstream = connectUpstream()
    upstream.write(`${meddled.join('\r\n')}\r\n\r\n`)
    upstream.write(rest)
    client.pipe(upstream)
    readHead(upstream, (answerHead, body) => passOn({ client, upstream, answerHead, body }, meddling))
    upstream.on('close', () => client.destroySoon())
    client.on('close', () => upstream.destroy())
    cutWhenIdle(client, upstream, meddling.idleMs)
  })
}

interface Passing {
  readonly client: Socket
  readonly upstream: Socket
  readonly answerHead: string
  readonly body: Buffer
}

function passOn({ client, upstream, answerHead, body }: Passing, meddling: Meddling): void {
  const isUpgrade = answerHead.startsWith('HTTP/1.1 101')
  const head = meddling.onAnswer?.(answerHead) ?? answerHead
  if (meddling.keepsAnswersBack && !isUpgrade) {
    const kept = [Buffer.from(head, 'latin1'), body]
    upstream.on('data', (chunk: Buffer) => kept.push(chunk))
    upstream.on('end', () => client.end(Buffer.concat(kept)))
    return
  }
  client.write(head, 'latin1')
  if (meddling.swallowsMessages && isUpgrade) {
    upstream.resume()
    return
  }
  client.write(body)
  upstream.pipe(client)
}

function cutWhenIdle(client: Socket, upstream: Socket, idleMs: number | undefined): void {
  if (idleMs === undefined) return
  const timer = setTimeout(() => client.destroy(), idleMs)
  client.on('data', () => timer.refresh())
  upstream.on('data', () => timer.refresh())
  client.once('close', () => clearTimeout(timer))
}

function readHead(socket: Socket, onHead: (head: string, rest: Buffer) => void): void {
  let bytes = Buffer.alloc(0)
  const take = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    socket.off('data', take)
    socket.pause()
    onHead(bytes.toString('latin1', 0, end + 4), bytes.subarray(end + 4))
    socket.resume()
  }
  socket.on('data', take)
}
