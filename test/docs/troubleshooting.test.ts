import assert from 'node:assert/strict'
import { testPage } from './test-page.ts'

testPage('docs/troubleshooting.md', async (page) => {
  const { secureUrl } = await page.server()
  page.place.replace('https://vault.example.com', `${secureUrl} --idle 0`)
  const { stdout } = await page.run('belfry doctor https://vault.example.com')
  assert.match(stdout, /\nHealthy\.\n$/)
  const mask = (text: string) => text.replaceAll(/\d+ ms/g, 'N ms').replaceAll(/port \d+/g, 'port N')
  await page.console('belfry doctor http://127.0.0.1:8000', { mask })
})
