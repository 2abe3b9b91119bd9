import { mount } from 'svelte'
import { uploadByXhr } from './api/xhr-upload.ts'
import { preferredLanguage, useLanguage, useRegions } from './i18n/index.ts'
import { Live } from './live/live.ts'
import { pageWakeUps } from './live/page-wake-ups.ts'
import App from './pages/App.svelte'
import { Router } from './pages/router.ts'
import { followInput } from './session/follow-input.ts'
import { openSession } from './session/open-session.ts'
import { Vault } from './vault/vault.ts'

const { api, session } = openSession({
  base: new URL('.', document.baseURI),
  storage: () => localStorage,
  channel: (name) => new BroadcastChannel(name),
  userAgent: navigator.userAgent,
  upload: uploadByXhr,
})
const vault = new Vault({ api, session })
const live = new Live({ api, session, vault, wakeUps: pageWakeUps })
followInput(session, [window, document])

useRegions(navigator.languages)
// In its language from the start; in English if the other is not to be had.
const chosen = session.preferences.language.value
await useLanguage(preferredLanguage(chosen === null ? navigator.languages : [chosen])).catch(() => undefined)

mount(App, { target: document.body, props: { app: { api, session, vault, live, router: new Router(window) } } })
