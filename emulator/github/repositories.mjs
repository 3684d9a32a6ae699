/** A repository as GitHub shows it: mostly addresses. */
import { answer, notFound } from './answers.mjs'
import { wholeSeconds } from './dates.mjs'

/**
 * @typedef {import('./operations.mjs').Call} Call
 * @typedef {import('./state.mjs').Repository} Repository
 */

/** Addresses below the repository's own: the property's name without `_url`, and what is appended. */
const REPOSITORY_ADDRESSES = {
  archive: '/{archive_format}{/ref}',
  assignees: '/assignees{/user}',
  blobs: '/git/blobs{/sha}',
  branches: '/branches{/branch}',
  collaborators: '/collaborators{/collaborator}',
  comments: '/comments{/number}',
  commits: '/commits{/sha}',
  compare: '/compare/{base}...{head}',
  contents: '/contents/{+path}',
  contributors: '/contributors',
  deployments: '/deployments',
  downloads: '/downloads',
  events: '/events',
  forks: '/forks',
  git_commits: '/git/commits{/sha}',
  git_refs: '/git/refs{/sha}',
  git_tags: '/git/tags{/sha}',
  hooks: '/hooks',
  issue_comment: '/issues/comments{/number}',
  issue_events: '/issues/events{/number}',
  issues: '/issues{/number}',
  keys: '/keys{/key_id}',
  labels: '/labels{/name}',
  languages: '/languages',
  merges: '/merges',
  milestones: '/milestones{/number}',
  notifications: '/notifications{?since,all,participating}',
  pulls: '/pulls{/number}',
  releases: '/releases{/id}',
  stargazers: '/stargazers',
  statuses: '/statuses/{sha}',
  subscribers: '/subscribers',
  subscription: '/subscription',
  tags: '/tags',
  teams: '/teams',
  trees: '/git/trees{/sha}'
}

const OWNER_ADDRESSES = {
  events: '/events{/privacy}',
  followers: '/followers',
  following: '/following{/other_user}',
  gists: '/gists{/gist_id}',
  organizations: '/orgs',
  received_events: '/received_events',
  repos: '/repos',
  starred: '/starred{/owner}{/repo}',
  subscriptions: '/subscriptions'
}

/** @param {Call} call */
export function getRepository({ world, params, url, documentation }) {
  const repository = world.repository(`${params['owner']}/${params['repo']}`)
  return repository ? answer(200, fullRepository(repository, url)) : notFound(documentation)
}

/**
 * @param {Repository} repository
 * @param {string} url  the API's base
 */
export function minimalRepository(repository, url) {
  const fullName = `${repository.owner}/${repository.name}`
  const address = `${url}/repos/${fullName}`
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName,
    private: repository.private,
    owner: owner(repository, url),
    html_url: `https://github.com/${fullName}`,
    description: null,
    fork: false,
    url: address,
    ...addresses(REPOSITORY_ADDRESSES, address)
  }
}

/**
 * @param {Repository} repository
 * @param {string} url
 */
function fullRepository(repository, url) {
  const fullName = `${repository.owner}/${repository.name}`
  const created = wholeSeconds(repository.createdAt)
  return {
    ...minimalRepository(repository, url),
    clone_url: `https://github.com/${fullName}.git`,
    git_url: `git://github.com/${fullName}.git`,
    ssh_url: `git@github.com:${fullName}.git`,
    svn_url: `https://github.com/${fullName}`,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    default_branch: 'main',
    visibility: repository.private ? 'private' : 'public',
    created_at: created,
    updated_at: created,
    pushed_at: created,
    ...Object.fromEntries(['archived', 'disabled', 'has_pages', 'has_discussions'].map(key => [key, false])),
    ...Object.fromEntries(['has_issues', 'has_projects', 'has_wiki'].map(key => [key, true])),
    ...Object.fromEntries(
      ['forks', 'open_issues', 'stargazers', 'watchers', 'network', 'subscribers'].map(key => [
        `${key}_count`,
        0
      ])
    ),
    forks: 0,
    open_issues: 0,
    watchers: 0,
    size: 0
  }
}

/**
 * @param {Repository} repository
 * @param {string} url
 */
function owner({ owner: login, ownerIsOrganization }, url) {
  const address = `${url}/users/${login}`
  return {
    login,
    id: 583_231,
    node_id: nodeId('User', 583_231),
    avatar_url: 'https://avatars.githubusercontent.com/u/583231?v=4',
    gravatar_id: '',
    url: address,
    html_url: `https://github.com/${login}`,
    ...addresses(OWNER_ADDRESSES, address),
    type: ownerIsOrganization ? 'Organization' : 'User',
    site_admin: false
  }
}

/**
 * @param {Record<string, string>} suffixes
 * @param {string} base
 */
function addresses(suffixes, base) {
  return Object.fromEntries(Object.entries(suffixes).map(([name, suffix]) => [`${name}_url`, base + suffix]))
}

/**
 * @param {string} kind
 * @param {number} id
 */
const nodeId = (kind, id) => Buffer.from(`010:${kind}${id}`).toString('base64')
