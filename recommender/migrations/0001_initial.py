

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalog', '0001_initial'),
        ('profiles', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(verbose_name='key')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('size', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='size')),
                ('ranker', models.CharField(default='reciprocal_rank', max_length=50, verbose_name='ranking')),
                ('ranker_options', models.JSONField(blank=True, default=dict, verbose_name='ranking options')),
                ('reranker', models.CharField(blank=True, default='mmr', max_length=50, verbose_name='re-ranking')),
                ('reranker_options', models.JSONField(blank=True, default=dict, verbose_name='re-ranking options')),
                ('diversity', models.FloatField(default=0.2, help_text='0: relevance alone; 1: entries as unlike each other as possible.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)], verbose_name='diversity')),
                ('filters', models.JSONField(blank=True, default=dict, help_text='Django lookups on item columns and attributes, e.g. {"attributes__year__gte": 2000}.', verbose_name='filters')),
                ('exclude_seen', models.BooleanField(default=True, verbose_name='leave out what was seen')),
                ('widget', models.CharField(default='grid', max_length=50, verbose_name='widget')),
                ('widget_options', models.JSONField(blank=True, default=dict, verbose_name='widget options')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('catalog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
            ],
            options={
                'verbose_name': 'placement',
                'verbose_name_plural': 'placements',
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='PlacementStrategy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reader', models.CharField(choices=[('similar_items', 'similar items'), ('history_match', 'history match'), ('neighbours', 'neighbours'), ('scores', 'scores'), ('shortlist', 'shortlist')], max_length=20, verbose_name='strategy')),
                ('source', models.CharField(help_text='Role of an embedding space (text) or key of a learner (popular, co_visitation).', max_length=50, verbose_name='source')),
                ('weight', models.FloatField(default=1.0, validators=[django.core.validators.MinValueValidator(0.0)], verbose_name='weight')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('placement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='strategies', to='recommender.placement', verbose_name='placement')),
            ],
            options={
                'verbose_name': 'strategy',
                'verbose_name_plural': 'strategies',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Recommendation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='time')),
                ('requested', models.PositiveSmallIntegerField(verbose_name='requested')),
                ('item_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None, verbose_name='items')),
                ('scores', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None, verbose_name='scores')),
                ('sources', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None, verbose_name='sources')),
                ('milliseconds', models.FloatField(null=True, verbose_name='milliseconds')),
                ('catalog', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
                ('placement', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='recommender.placement', verbose_name='placement')),
                ('profile', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='profiles.profile', verbose_name='profile')),
            ],
            options={
                'verbose_name': 'recommendation',
                'verbose_name_plural': 'recommendations',
            },
        ),
        migrations.CreateModel(
            name='TrainedModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('learner', models.CharField(max_length=50, verbose_name='learner')),
                ('shape', models.CharField(choices=[('vectors', 'vectors'), ('neighbours', 'neighbours'), ('scores', 'scores'), ('shortlists', 'shortlists')], max_length=20, verbose_name='shape')),
                ('options', models.JSONField(default=dict, verbose_name='options')),
                ('state', models.CharField(choices=[('training', 'training'), ('candidate', 'candidate'), ('active', 'active'), ('retired', 'retired'), ('failed', 'failed')], default='training', max_length=10, verbose_name='state')),
                ('progress', models.FloatField(default=0.0, verbose_name='progress')),
                ('metrics', models.JSONField(default=dict, verbose_name='metrics')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('trained_until', models.DateTimeField(null=True, verbose_name='trained until')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('promoted_at', models.DateTimeField(null=True, verbose_name='promoted')),
                ('catalog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
                ('space', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='catalog.embeddingspace', verbose_name='embedding space')),
            ],
            options={
                'verbose_name': 'trained model',
                'verbose_name_plural': 'trained models',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Shortlist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('scores', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='profiles.profile')),
                ('model', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='recommender.trainedmodel')),
            ],
        ),
        migrations.CreateModel(
            name='ItemScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.FloatField()),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.item')),
                ('model', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='recommender.trainedmodel')),
            ],
        ),
        migrations.CreateModel(
            name='ItemNeighbours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('neighbour_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('weights', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.item')),
                ('model', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='recommender.trainedmodel')),
            ],
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.UniqueConstraint(fields=('catalog', 'key'), name='placement_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.CheckConstraint(condition=models.Q(('size__gte', 1), ('size__lte', 100)), name='placement_size_in_range'),
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.CheckConstraint(condition=models.Q(('diversity__gte', 0.0), ('diversity__lte', 1.0)), name='placement_diversity_in_range'),
        ),
        migrations.AddConstraint(
            model_name='placementstrategy',
            constraint=models.UniqueConstraint(fields=('placement', 'reader', 'source'), name='strategy_unique'),
        ),
        migrations.AddConstraint(
            model_name='placementstrategy',
            constraint=models.CheckConstraint(condition=models.Q(('weight__gt', 0.0), ('weight__lte', 1000.0)), name='strategy_weight_positive'),
        ),
        migrations.AddIndex(
            model_name='recommendation',
            index=models.Index(fields=['profile', '-created_at'], name='recommendation_of_profile'),
        ),
        migrations.AddIndex(
            model_name='recommendation',
            index=models.Index(fields=['catalog', '-created_at'], name='recommendation_log'),
        ),
        migrations.AddConstraint(
            model_name='trainedmodel',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('catalog', 'learner'), name='model_one_active_a_learner'),
        ),
        migrations.AddConstraint(
            model_name='trainedmodel',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0.0), ('progress__lte', 1.0)), name='model_progress_in_range'),
        ),
        migrations.AddConstraint(
            model_name='shortlist',
            constraint=models.UniqueConstraint(fields=('model', 'profile'), name='shortlist_unique'),
        ),
        migrations.AddIndex(
            model_name='itemscore',
            index=models.Index(models.F('model'), models.OrderBy(models.F('score'), descending=True), models.F('item'), name='score_order'),
        ),
        migrations.AddConstraint(
            model_name='itemscore',
            constraint=models.UniqueConstraint(fields=('model', 'item'), name='score_unique'),
        ),
        migrations.AddConstraint(
            model_name='itemneighbours',
            constraint=models.UniqueConstraint(fields=('model', 'item'), name='neighbours_unique'),
        ),
    ]
