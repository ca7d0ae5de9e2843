import { createSignal, onMount, Show } from 'solid-js';
import type { Room, SpeechFeature, SpeechSettings } from '../../../contract/types.ts';
import { explainFailure, languageName } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import { describeFailure } from '../../sdk/errors.ts';
import { useConnected } from '../../state/connected.ts';
import { hasFeature, isLocked, offeredLanguages } from '../../state/roomSettings.ts';
import { Checkbox, Choice, NameField } from '../fields.tsx';
import { LanguageChoice } from '../speech/LanguageChoice.tsx';

const STABILITIES = ['off', 'low', 'medium', 'high'] as const;
const FILTER_METHODS = ['mask', 'remove', 'tag'] as const;

/** The speech settings of a room. Only its owner may open them. */
export function RoomSettings(props: { room: Room; onChanged: (room: Room) => void; onDone: () => void }) {
  const { trpc, engine } = useConnected();
  const [language, setLanguage] = createSignal(props.room.language);
  const [speech, setSpeech] = createSignal<SpeechSettings>(props.room.speech);
  const [problem, setProblem] = createSignal('');
  let dialog!: HTMLDialogElement;
  onMount(() => dialog.showModal());

  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const change = { roomId: props.room.id, language: language(), speech: speech() };
      props.onChanged(await trpc.rooms.update.mutate(change));
      dialog.close();
    } catch (error) {
      setProblem(explainFailure(describeFailure(error)));
    }
  };
  const languages = () => [
    ...(hasFeature(engine(), 'auto') || props.room.language === 'auto' ? ['auto'] : []),
    ...offeredLanguages(engine(), [props.room.language]),
  ];

  return (
    <dialog ref={dialog} class="settings" aria-labelledby="settings-title" onClose={() => props.onDone()}>
      <form onSubmit={save}>
        <h2 id="settings-title">{t('settings.title')}</h2>
        <p class="quiet">{t('settings.hint')}</p>
        <Choice
          label={t('rooms.spoken')}
          value={language()}
          options={languages().map((tag) => [tag, languageName(tag)])}
          onChoose={setLanguage}
        />
        <Show when={language() === 'auto'}>
          <LanguageChoice
            offered={offeredLanguages(engine(), speech().languages)}
            chosen={speech().languages}
            onChoose={(chosen) => setSpeech({ ...speech(), languages: chosen })}
          />
        </Show>
        <FeatureFields
          room={props.room}
          speech={speech()}
          onChange={(change) => setSpeech({ ...speech(), ...change })}
        />
        <p role="alert">{problem()}</p>
        <div class="row end">
          <button type="button" class="button" onClick={() => dialog.close()}>
            {t('settings.cancel')}
          </button>
          <button type="submit" class="button primary">
            {t('settings.save')}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** The settings that not every engine supports. */
function FeatureFields(props: {
  room: Room;
  speech: SpeechSettings;
  onChange: (change: Partial<SpeechSettings>) => void;
}) {
  const { engine } = useConnected();
  /** Follows the saved settings, not the form: a box that was cleared by mistake can be checked again. */
  const locked = (feature: Exclude<SpeechFeature, 'auto'>) => isLocked(engine(), feature, props.room.speech);
  const note = (feature: Exclude<SpeechFeature, 'auto'>, hint = '') => {
    const current = engine();
    if (hasFeature(current, feature)) return hint;
    return current?.available ? t('settings.lacks', { engine: current.label }) : (current?.reason ?? hint);
  };
  return (
    <>
      <Choice
        label={t('settings.stability')}
        value={props.speech.stability}
        options={STABILITIES.map((value) => [value, t(`settings.stabilities.${value}`)])}
        disabled={locked('stability')}
        note={note('stability')}
        onChoose={(stability) => props.onChange({ stability })}
      />
      <Checkbox
        label={t('settings.redact')}
        checked={props.speech.redact}
        disabled={locked('redact')}
        note={note('redact', t('settings.redactHint'))}
        onCheck={(redact) => props.onChange({ redact })}
      />
      <Checkbox
        label={t('settings.speakers')}
        checked={props.speech.speakers}
        disabled={locked('speakers')}
        note={note('speakers')}
        onCheck={(speakers) => props.onChange({ speakers })}
      />
      <NameField
        label={t('settings.vocabulary')}
        value={props.speech.vocabulary}
        disabled={locked('vocabulary')}
        note={note('vocabulary', t('settings.nameHint'))}
        onWrite={(vocabulary) => props.onChange({ vocabulary })}
      />
      <NameField
        label={t('settings.vocabularyFilter')}
        value={props.speech.vocabularyFilter}
        disabled={locked('vocabularyFilter')}
        note={note('vocabularyFilter', t('settings.nameHint'))}
        onWrite={(vocabularyFilter) => props.onChange({ vocabularyFilter })}
      />
      <Show when={props.speech.vocabularyFilter !== null}>
        <Choice
          label={t('settings.filterMethod')}
          value={props.speech.filterMethod}
          options={FILTER_METHODS.map((value) => [value, t(`settings.filterMethods.${value}`)])}
          onChoose={(filterMethod) => props.onChange({ filterMethod })}
        />
      </Show>
    </>
  );
}
