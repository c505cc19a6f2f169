import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: {
    display_name: 'Ada',
    locale: 'pt-BR',
    time_zone: 'America/Sao_Paulo',
    preferences: { notifications: { email: false } },
  },
  status: 200,
})
