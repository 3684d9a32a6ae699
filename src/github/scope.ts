/** Whose secret it is. GitHub keeps the variables of a scope beside its secrets. */
export type SecretScope =
  | { readonly kind: 'repository'; readonly repository: string }
  | { readonly kind: 'environment'; readonly repository: string; readonly environment: string }
  | { readonly kind: 'organization'; readonly organization: string }

/** Which repositories can read an organisation's secret. */
export interface Visibility {
  readonly visibility: 'all' | 'private' | 'selected'
  /** Present with `selected`. */
  readonly repositoryIds?: readonly number[]
}

/** Returns the path above `/secrets` and `/variables`. The name of an environment can contain anything and is encoded. */
export function scopePath(scope: SecretScope): string {
  switch (scope.kind) {
    case 'repository':
      return `/repos/${scope.repository}/actions`
    case 'environment':
      return `/repos/${scope.repository}/environments/${encodeURIComponent(scope.environment)}`
    case 'organization':
      return `/orgs/${scope.organization}/actions`
  }
}

/** Returns the scope in words. */
export function describeScope(scope: SecretScope): string {
  switch (scope.kind) {
    case 'repository':
      return `repository ${scope.repository}`
    case 'environment':
      return `environment ${scope.environment} of ${scope.repository}`
    case 'organization':
      return `organisation ${scope.organization}`
  }
}

/** Returns the permission that the GitHub token needs, by the name that GitHub shows. */
export function requiredPermission({ kind }: SecretScope, what: 'secrets' | 'variables'): string {
  if (kind === 'environment') return 'the repository permission Environments: write'
  const owner = kind === 'organization' ? 'organisation' : 'repository'
  return `the ${owner} permission ${what === 'secrets' ? 'Secrets' : 'Variables'}: write`
}

/** Returns the fields that say who can read an organisation's secret or variable. */
export function visibilityFields({
  visibility,
  repositoryIds
}: Visibility): Readonly<Record<string, unknown>> {
  return visibility === 'selected'
    ? { visibility, selected_repository_ids: repositoryIds ?? [] }
    : { visibility }
}
