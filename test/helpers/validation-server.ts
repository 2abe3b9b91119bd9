import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export const CLIENT = { clientId: '4711', secretKey: Buffer.from('the secret of the client').toString('base64') }

/** Lies that a validation server, or who stands before it, may tell. */
export type Lie = 'unsigned' | 'other nonce' | 'other otp' | 'redirect' | 'endless' | 'status 500' | 'NO_SUCH_CLIENT'

/**
 * A validation server for YubiKeys (Yubico's protocol 2.0) that takes each OTP once, and signs with the secret of `CLIENT`.
 */
export async function startValidationServer() {
  const used = new Set<string>()
  /** The questions that were not signed as they must be. */
  const badQuestions: string[] = []
  let lie: Lie | undefined

  const sign = (pairs: Record<string, string>) =>
    createHmac('sha1', Buffer.from(CLIENT.secretKey, 'base64'))
      .update(
        Object.keys(pairs)
          .sort()
          .map((name) => `${name}=${pairs[name]}`)
          .join('&'),
      )
      .digest('base64')

  const answerTo = ({ url = '' }: IncomingMessage): string => {
    const { h, ...question } = Object.fromEntries(new URL(url, 'http://localhost').searchParams)
    const { otp = '', nonce = '', id } = question
    if (h !== sign(question) || id !== CLIENT.clientId || !/^[a-z0-9]{16,40}$/i.test(nonce)) badQuestions.push(url)
    const status = used.has(otp) ? 'REPLAYED_OTP' : lie === 'NO_SUCH_CLIENT' ? lie : 'OK'
    used.add(otp)
    const pairs = {
      t: '2026-06-01T00:00:00Z0123',
      status,
      sl: '100',
      otp: lie === 'other otp' ? [...otp].reverse().join('') : otp,
      nonce: lie === 'other nonce' ? nonce.replaceAll(/\d/g, '0') : nonce,
    }
    const signature = lie === 'unsigned' ? Buffer.alloc(20).toString('base64') : sign(pairs)
    return [`h=${signature}`, ...Object.entries(pairs).map(([name, value]) => `${name}=${value}`), ''].join('\r\n')
  }

  const server = createServer((request, response) => {
    if (lie === 'redirect') response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()
    else if (lie === 'status 500') response.writeHead(500).end(answerTo(request))
    else if (lie === 'endless') response.end(answerTo(request) + 'x=y\r\n'.repeat(10_000))
    else response.end(answerTo(request))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wsapi/2.0/verify`,
    badQuestions,
    lieAbout: (which: Lie | undefined) => {
      lie = which
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
