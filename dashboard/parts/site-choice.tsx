/** Which site is shown, and a change to another one. */
import { Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useSite, useSites } from '../data/site.tsx';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';
import { Menu } from './menu.tsx';

export function SiteChoice() {
  const say = useWords(shellWords);
  const { data } = useSites();
  const site = useSite();
  const others = data?.items ?? [];
  const name = site?.customer_reference ?? say('chooseSite');
  return (
    <Menu
      label={`${say('chooseSite')}: ${name}`}
      side="left"
      face={
        <>
          <Text fw={500} truncate>
            {name}
          </Text>
          <IconChevronDown size={16} aria-hidden />
        </>
      }
    >
      {others.map(({ id, customer_reference: reference }) => (
        <Link
          key={id}
          className="menu-item"
          to={`/sites/${id}`}
          aria-current={id === site?.id ? 'true' : undefined}
        >
          {reference ?? id}
        </Link>
      ))}
      <Link className="menu-item" to="/sites">
        {say('allSites')}
      </Link>
    </Menu>
  );
}
