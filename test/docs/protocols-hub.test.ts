import { login, PASSWORD, register } from '../helpers/account.ts'
import { testPage } from './test-page.ts'

testPage('docs/protocols/hub.md', async (page) => {
  const server = await page.server()
  const email = 'alice@example.com'
  await register({ server: server.webUrl, email })
  page.place.replace('https://vault.example.com', server.secureUrl)
  const watching = await page.start('belfry watch alice', /watching alice@example\.com/, { BELFRY_PASSWORD: PASSWORD })
  const phone = await login({ server: server.webUrl, email })
  await phone.post('/api/folders', { name: phone.encrypt('Work') })
  await watching.saying(/SyncFolderCreate/)
})
