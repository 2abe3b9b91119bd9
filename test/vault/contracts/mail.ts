import { BYTES, type Contracts, EMPTY } from './contract.ts'

export const mailContracts: Contracts = {
  'POST /api/accounts/email-token': { 200: EMPTY },
  'POST /api/accounts/email': { 200: EMPTY },
  'POST /api/accounts/verify-email': { 200: EMPTY },
  'POST /api/accounts/verify-email-token': { 200: EMPTY },
  'POST /api/accounts/delete-recover': { 200: EMPTY },
  'POST /api/accounts/delete-recover-token': { 200: EMPTY },
  'POST /api/accounts/password-hint': { 200: EMPTY },
  'POST /api/accounts/request-otp': { 200: EMPTY },
  'POST /api/accounts/verify-otp': { 200: EMPTY },
  'GET /vw_static/logo-gray.png': { 200: BYTES },
  'GET /vw_static/mail-github.png': { 200: BYTES },
}
