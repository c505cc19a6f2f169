import { describe, expect, test } from 'vitest'
import { type DependencyName, HealthMonitor, type HealthOptions, type Probe, type Probes } from './health.ts'

const well: Probe = async () => {}
const down: Probe = () => Promise.reject(new Error('postgres://secret@db refused'))

function probesOf(changes: Partial<Probes> = {}): Probes {
  const all = { database: well, queue: well, bus: well, state: well, objects: well, identity_keys: well }
  return { ...all, scanner: well, models: well, config: well, ...changes }
}

/** Options with a clock that stands still until it is moved. */
function optionsOf() {
  const problems: [DependencyName, string][] = []
  const time = { milliseconds: 0 }
  const options: HealthOptions = {
    clock: () => time.milliseconds,
    now: () => new Date('2026-11-21T10:00:00Z'),
    onProblem: (name, error) => problems.push([name, (error as Error).message]),
    timeoutMilliseconds: 20,
  }
  return { options, time, problems }
}

describe('health', () => {
  test('is ok when everything is, and leaves out what this process does without', async () => {
    const health = await new HealthMonitor(probesOf({ bus: null })).read(optionsOf().options)
    expect(health.status).toBe('ok')
    expect(health.dependencies.database).toEqual({ status: 'ok', latency_milliseconds: 0 })
    expect(health.dependencies).not.toHaveProperty('bus')
  })

  test('is down without the database, and degraded without anything else', async () => {
    for (const name of Object.keys(probesOf()) as DependencyName[]) {
      const { options, problems } = optionsOf()
      const health = await new HealthMonitor(probesOf({ [name]: down })).read(options)
      expect([name, health.status]).toEqual([name, name === 'database' ? 'down' : 'degraded'])
      expect(health.dependencies[name]?.status).toBe('down')
      expect(JSON.stringify(health)).not.toContain('postgres')
      expect(problems).toEqual([[name, 'postgres://secret@db refused']])
    }
  })

  test('is degraded by what is slow', async () => {
    const { options, time } = optionsOf()
    const slow: Probe = async () => {
      time.milliseconds += 1_001
    }
    const health = await new HealthMonitor(probesOf({ state: slow })).read(options)
    expect(health.dependencies.state).toEqual({ status: 'degraded', latency_milliseconds: 1_001 })
    expect(health.status).toBe('degraded')
  })

  test('is told in time although all dependencies hang, and none of them is asked again meanwhile', async () => {
    let asked = 0
    const hangs: Probe = () => {
      asked++
      return new Promise(() => {})
    }
    const hanging = Object.fromEntries(Object.keys(probesOf()).map((name) => [name, hangs])) as unknown as Probes
    const monitor = new HealthMonitor(hanging)
    const { options, time } = optionsOf()
    expect((await monitor.read(options)).status).toBe('down')
    time.milliseconds += 10_000
    expect((await monitor.read(options)).status).toBe('down')
    expect(asked).toBe(9)
  })

  test('is asked for as often as one likes: the dependencies see one question in two seconds', async () => {
    let asked = 0
    const counts: Probe = async () => {
      asked++
    }
    const monitor = new HealthMonitor(probesOf({ database: counts }))
    const { options, time } = optionsOf()
    await Promise.all(Array.from({ length: 100 }, () => monitor.read(options)))
    time.milliseconds = 1_999
    await monitor.read(options)
    expect(asked).toBe(1)
    time.milliseconds = 2_000
    await monitor.read(options)
    expect(asked).toBe(2)
  })

  test('is seen to come back', async () => {
    let isDown = true
    const probe: Probe = async () => {
      if (isDown) throw new Error('down')
    }
    const monitor = new HealthMonitor(probesOf({ database: probe }))
    const { options, time } = optionsOf()
    expect((await monitor.read(options)).status).toBe('down')
    isDown = false
    time.milliseconds = 2_000
    expect((await monitor.read(options)).status).toBe('ok')
  })

  test('of a probe that throws instead of rejecting is down as well', async () => {
    const throws = (() => {
      throw new Error('no')
    }) as Probe
    expect((await new HealthMonitor(probesOf({ scanner: throws })).read(optionsOf().options)).status).toBe('degraded')
  })
})
