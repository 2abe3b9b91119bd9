import { mount } from 'svelte'
import { preferredLanguage, useLanguage, useRegions } from '../i18n/index.ts'
import Admin from './Admin.svelte'
import { AdminApi } from './api.ts'

useRegions(navigator.languages)
const chosen = preferredLanguage(navigator.languages)
await useLanguage(chosen).catch(() => undefined)

mount(Admin, { target: document.body, props: { api: new AdminApi(new URL('.', document.baseURI)) } })
