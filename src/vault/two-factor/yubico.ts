import { createHmac, randomBytes } from 'node:crypto'
import { equalSecrets } from '#auth'
import type { TwoFactorSettings } from '../settings.ts'

/** Yubico's own. */
const SERVER = 'https://api.yubico.com/wsapi/2.0/verify'

const TIMEOUT_MS = 10_000
/** Bytes; an answer has some 300. */
const MAX_ANSWER = 8192
/** 16 to 40 characters, as the protocol has it. */
const NONCE_BYTES = 16

/** The validation server cannot be asked, or what it says cannot be trusted. Says why, without anything secret. */
export class ValidationError extends Error {
  override name = 'ValidationError'
}

/**
 * Whether a validation server knows `otp` for one that was never used before (Yubico's validation protocol 2.0). Throws a
 * ValidationError when it does not answer that. Each side signs what it says with the client's secret; the nonce keeps an
 * old answer from being taken for a new one.
 */
export async function isValidOtp(settings: NonNullable<TwoFactorSettings['yubico']>, otp: string): Promise<boolean> {
  const key = Buffer.from(settings.secretKey, 'base64')
  const nonce = randomBytes(NONCE_BYTES).toString('hex')
  const question = new Map([
    ['id', settings.clientId],
    ['nonce', nonce],
    ['otp', otp],
  ])
  const url = new URL(settings.server ?? SERVER)
  for (const [name, value] of question) url.searchParams.set(name, value)
  url.searchParams.set('h', signatureOf(question, key))

  const answer = parseAnswer(await ask(url))
  const signature = answer.get('h') ?? ''
  answer.delete('h')
  const status = answer.get('status')
  if (!equalSecrets(signature, signatureOf(answer, key))) {
    // A server that does not know the client cannot sign for it, and says so.
    throw new ValidationError(`The answer is not signed by the validation server (status ${knownStatus(status)})`)
  }
  switch (status) {
    case 'OK':
      if (answer.get('otp') !== otp || answer.get('nonce') !== nonce) {
        throw new ValidationError('The answer is for another question')
      }
      return true
    case 'BAD_OTP':
    case 'REPLAYED_OTP':
    case 'REPLAYED_REQUEST':
      return false
    default:
      throw new ValidationError(`The validation server declined: ${knownStatus(status)}`)
  }
}

/** HMAC-SHA1, in base64, over the pairs in the order of their names. */
function signatureOf(pairs: ReadonlyMap<string, string>, key: Buffer): string {
  const names = [...pairs.keys()].sort()
  return createHmac('sha1', key)
    .update(names.map((name) => `${name}=${pairs.get(name)}`).join('&'))
    .digest('base64')
}

async function ask(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body ?? []) {
      length += chunk.length
      if (length > MAX_ANSWER) throw new Error('the answer is too long')
      chunks.push(chunk)
    }
    if (!response.ok) throw new Error(`status ${response.status}`)
    return Buffer.concat(chunks).toString()
  } catch (cause) {
    // The message of `fetch` alone says nothing, and its cause may quote the URL, where the OTP is.
    const { name, code } = ((cause as Error).cause ?? cause) as { name?: string; code?: string }
    throw new ValidationError(`The validation server ${url.host} does not answer: ${code ?? name}`)
  }
}

/** One pair in each line. A signature may hold `=`. */
function parseAnswer(text: string): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf('=')
    if (at > 0) pairs.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
  }
  return pairs
}

const knownStatus = (status: string | undefined) =>
  status !== undefined && /^[A-Z_]{1,40}$/.test(status) ? status : 'unknown'
