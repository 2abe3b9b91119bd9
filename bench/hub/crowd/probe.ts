import http from 'node:http'
import type { ListenAddress } from '#net'

const EVERY_MS = 20

/** What browsers have at most for one server. */
const CONNECTIONS = 6

/**
 * Somebody who is using the vault: a request every 20 ms, whether or not earlier ones are answered, over the connections
 * of one browser, which are there before. Returns what ends it: how long each took, in milliseconds.
 */
export async function probe({ host, port }: ListenAddress, accessToken: string): Promise<() => Promise<number[]>> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const options = { host, port, agent, path: '/api/accounts/revision-date' }
  const headers = { Authorization: `Bearer ${accessToken}` }
  const request = async () => {
    const beganAtMs = performance.now()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sent = http.get({ ...options, headers }, (response) => {
      if (response.statusCode === 200) response.resume().on('end', resolve)
      else reject(new Error(`The API answered ${response.statusCode}`))
    })
    sent.on('error', reject)
    await promise
    return performance.now() - beganAtMs
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, request))

  const requests: Promise<number>[] = []
  const timer = setInterval(() => requests.push(request()), EVERY_MS)
  return async () => {
    clearInterval(timer)
    const tookMs = await Promise.all(requests)
    agent.destroy()
    return tookMs
  }
}
