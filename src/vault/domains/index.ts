export { domainsResponse, registerDomains } from './domains.ts'
