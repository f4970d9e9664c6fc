/** The frame of the window: bar, navigation, content; works from 360 px. */
import { AppShell, Box, Burger, Group, NavLink, Text, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLanguage, IconUserCircle } from '@tabler/icons-react';
import { Link, useRouterState } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { signOut } from '../data/session.ts';
import { serverPath, useMay, useMaybeSiteId, usePagesPath } from '../data/site.tsx';
import { pages, type PageGroup } from '../routes.tsx';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';
import { languages } from '../words/words.ts';
import { useLanguage, useWords } from './language.tsx';
import { Menu } from './menu.tsx';
import { SiteChoice } from './site-choice.tsx';

const groups: readonly PageGroup[] = ['groupDoors', 'groupPeople', 'groupSite', 'groupServer'];

export function Shell({ children }: { readonly children: ReactNode }) {
  const say = useWords(shellWords);
  const siteId = useMaybeSiteId();
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(close, [path, close]);
  const hasPages = siteId !== undefined || path === serverPath || path.startsWith(`${serverPath}/`);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{
        width: 230,
        breakpoint: 'sm',
        collapsed: { mobile: !isOpen, desktop: !hasPages },
      }}
      padding="md"
    >
      <Box component="a" href="#content" className="skip-link">
        {say('skip')}
      </Box>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap" miw={0}>
            {hasPages ? (
              <Burger
                opened={isOpen}
                onClick={toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={say('menu')}
                aria-expanded={isOpen}
              />
            ) : null}
            <Text component={Link} to="/sites" fw={700} visibleFrom="xs" c="inherit" td="none">
              Cardea
            </Text>
            <SiteChoice />
          </Group>
          <Group gap={4} wrap="nowrap">
            <LanguageMenu />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      {hasPages ? (
        <AppShell.Navbar p="xs" aria-label={say('navigation')}>
          <Navigation path={path} />
        </AppShell.Navbar>
      ) : null}
      <AppShell.Main id="content">
        <Box maw={1200} mx="auto">
          {children}
        </Box>
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation({ path }: { readonly path: string }) {
  const say = useWords(shellWords);
  const name = useWords(pageWords);
  const may = useMay();
  const pagesPath = usePagesPath();
  return (
    <Box style={{ overflowY: 'auto' }}>
      {groups.map((group) => {
        const shown = pages.filter((page) => page.menu?.group === group && may(page.need));
        if (shown.length === 0) return null;
        return (
          <Box key={group} mb="xs">
            <Text size="xs" c="dimmed" px="sm" py={4}>
              {say(group)}
            </Text>
            {shown.map(({ path: below, name: key, menu }) => {
              const to = `${pagesPath}/${below}`;
              const isHere = path === to || path.startsWith(`${to}/`);
              return (
                <NavLink
                  key={below}
                  component={Link}
                  to={to}
                  label={name(key)}
                  active={isHere}
                  variant="light"
                  {...(isHere ? { 'aria-current': 'page' } : {})}
                  {...(menu === undefined
                    ? {}
                    : { leftSection: <menu.icon size={18} stroke={1.6} aria-hidden /> })}
                />
              );
            })}
          </Box>
        );
      })}
    </Box>
  );
}

const languageNames = { en: 'English', de: 'Deutsch' } as const;

function LanguageMenu() {
  const say = useWords(shellWords);
  const { language, choose } = useLanguage();
  return (
    <Menu
      label={say('language')}
      side="right"
      face={<IconLanguage size={20} stroke={1.6} aria-hidden />}
    >
      {languages.map((code) => (
        <button
          key={code}
          type="button"
          lang={code}
          className="menu-item"
          aria-current={code === language ? 'true' : undefined}
          onClick={() => choose(code)}
        >
          {languageNames[code]}
        </button>
      ))}
    </Menu>
  );
}

function AccountMenu() {
  const say = useWords(shellWords);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = [
    ['auto', say('system')],
    ['light', say('light')],
    ['dark', say('dark')],
  ] as const;
  return (
    <Menu
      label={say('accountMenu')}
      side="right"
      face={<IconUserCircle size={20} stroke={1.6} aria-hidden />}
    >
      <a className="menu-item" href="/account">
        {say('account')}
      </a>
      <Link className="menu-item" to="/sites">
        {say('sites')}
      </Link>
      <a className="menu-item" href="/docs" target="_blank" rel="noreferrer">
        {say('docs')}
      </a>
      <div className="menu-label">{say('scheme')}</div>
      {schemes.map(([scheme, text]) => (
        <button
          key={scheme}
          type="button"
          className="menu-item"
          aria-current={scheme === colorScheme ? 'true' : undefined}
          onClick={() => setColorScheme(scheme)}
        >
          {text}
        </button>
      ))}
      <hr />
      <button type="button" className="menu-item" onClick={() => void signOut()}>
        {say('signOut')}
      </button>
    </Menu>
  );
}
