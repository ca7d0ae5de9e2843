import { render } from 'solid-js/web';
import './styles/base.css';
import './styles/shell.css';
import './styles/rooms.css';
import './styles/timeline.css';
import './styles/speech.css';
import './styles/settings.css';
import { App } from './views/App.tsx';

render(() => <App />, document.getElementById('app') as HTMLElement);
